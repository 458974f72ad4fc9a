//! The store that a command works on.

use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;

use common::storage::config::AwsObjectStoreConfig;
use common::ObjectStoreConfig;
use futures::TryStreamExt;
use slatedb::object_store::memory::InMemory;
use slatedb::object_store::path::Path;
use slatedb::object_store::{ObjectStore, PutPayload};

use crate::Failure;

#[derive(Clone)]
pub struct Store {
    objects: Arc<dyn ObjectStore>,
    /// Where the objects are written back to.
    directory: Option<PathBuf>,
}

impl Store {
    pub async fn open(url: &str) -> Result<Store, Failure> {
        if let Some(bucket) = url.strip_prefix("s3:") {
            let config = ObjectStoreConfig::Aws(AwsObjectStoreConfig {
                region: std::env::var("AWS_REGION").unwrap_or_else(|_| "us-east-1".to_string()),
                bucket: bucket.to_string(),
            });
            let objects = common::storage::factory::create_object_store(&config)?;
            return Ok(Store { objects, directory: None });
        }
        let directory = PathBuf::from(url.strip_prefix("dir:").ok_or("a store is dir:PATH or s3:BUCKET")?);
        let objects: Arc<dyn ObjectStore> = Arc::new(InMemory::new());
        let mut files = Vec::new();
        list(&directory, &mut files)?;
        for file in files {
            let key = file.strip_prefix(&directory)?.to_string_lossy().to_string();
            objects.put(&Path::from(key), PutPayload::from(std::fs::read(&file)?)).await?;
        }
        Ok(Store { objects, directory: Some(directory) })
    }

    pub fn objects(&self) -> Arc<dyn ObjectStore> {
        self.objects.clone()
    }

    /// Writes the objects back, where the store was read from a directory.
    pub async fn save(&self) -> Result<(), Failure> {
        let Some(directory) = &self.directory else { return Ok(()) };
        let objects: Vec<_> = self.objects.list(None).try_collect().await?;
        for object in objects {
            let file = directory.join(object.location.to_string());
            std::fs::create_dir_all(file.parent().ok_or("a key names a file")?)?;
            let bytes = self.objects.get(&object.location).await?.bytes().await?;
            std::fs::write(file, bytes)?;
        }
        Ok(())
    }
}

fn list(directory: &FilePath, files: &mut Vec<PathBuf>) -> Result<(), Failure> {
    if !directory.exists() {
        return Ok(());
    }
    for entry in std::fs::read_dir(directory)? {
        let path = entry?.path();
        if path.is_dir() { list(&path, files)? } else { files.push(path) }
    }
    Ok(())
}
