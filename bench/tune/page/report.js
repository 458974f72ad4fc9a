// Draws the curves of a report by uPlot, and copies its code. Runs in the browser, from inside the report.
(() => {
  /** Dashes tell lines apart where colours do not. */
  const DASHES = [[], [9, 5], [2, 4], [12, 4, 2, 4], [4, 3], [16, 4]];
  const root = document.documentElement;
  const colour = (name) => getComputedStyle(root).getPropertyValue(name).trim();

  const digits = (value) =>
    value.toLocaleString('en-US', {
      maximumFractionDigits: value >= 100 ? 0 : value >= 10 ? 1 : 2,
    });

  const scaled = (value, step, units) => {
    let unit = 0;
    while (value >= step && unit < units.length - 1) {
      value /= step;
      unit++;
    }
    return `${digits(value)} ${units[unit]}`;
  };

  const SHOW = {
    size: (value) => scaled(value, 1024, ['B', 'KiB', 'MiB', 'GiB']),
    count: (value) => digits(value),
    rate: (value) => scaled(value, 1000, ['B/s', 'kB/s', 'MB/s', 'GB/s', 'TB/s']),
    duration: (value) => scaled(value, 1000, ['µs', 'ms', 's']),
    time: (value) => {
      const part = (number) => String(number % 60).padStart(2, '0');
      const seconds = Math.round(value);
      return `${Math.floor(seconds / 3600)}:${part(Math.floor(seconds / 60))}:${part(seconds)}`;
    },
  };

  function element(name, className, text) {
    const made = document.createElement(name);
    if (className) made.className = className;
    if (text) made.textContent = text;
    return made;
  }

  /** The legend says what the values are where the cursor is. */
  function makeLegend(chart) {
    const list = element('ul', 'legend');
    const outputs = chart.series.map(({ label, style }) => {
      const item = element('li');
      const dash = DASHES[style].join(' ');
      item.innerHTML = `<svg width="30" height="10" aria-hidden="true"><line x1="1" x2="29" y1="5" y2="5" stroke="var(--line-${style})" stroke-width="2.5"${dash && ` stroke-dasharray="${dash}"`}/></svg>`;
      item.append(element('span', '', label));
      const output = element('output');
      item.append(output);
      list.append(item);
      return output;
    });
    const at = element('li', 'at');
    list.append(at);
    const showAt = (index) => {
      const place = chart.x.values[index];
      at.textContent = place === undefined ? '' : `at ${SHOW[chart.x.quantity](place)}`;
      chart.series.forEach(({ values }, i) => {
        const value = values[index];
        outputs[i].textContent = typeof value === 'number' ? SHOW[chart.y.quantity](value) : '';
      });
    };
    return { list, showAt };
  }

  function axis(quantity, options) {
    return {
      font: '12px system-ui, sans-serif',
      stroke: () => colour('--muted'),
      grid: { stroke: () => colour('--grid'), width: 1 },
      ticks: { show: false },
      values: (_plot, splits) => splits.map((split) => (split === null ? '' : SHOW[quantity](split))),
      ...options,
    };
  }

  /** Room at both ends, on a logarithmic scale. */
  function padded(min, max) {
    const room = Math.max((max / min) ** 0.05, 1.15);
    return [min / room, max * room];
  }

  /** From the power of ten below to the one above, so that there are lines to read values from. */
  function decades(min, max) {
    return [10 ** Math.floor(Math.log10(min) + 0.001), 10 ** Math.ceil(Math.log10(max) - 0.001)];
  }

  /** Powers of two, as many as there is room for: uPlot would count on from wherever the axis begins. */
  function powers(plot, _axis, min, max) {
    const first = Math.ceil(Math.log2(min));
    const last = Math.floor(Math.log2(max));
    const step = Math.max(1, Math.ceil(((last - first) * 62) / plot.width));
    return Array.from({ length: Math.floor((last - first) / step) + 1 }, (_, i) => 2 ** (first + i * step));
  }

  function logarithmicScales(chart) {
    return {
      x: {
        time: false,
        distr: 3,
        log: chart.x.quantity === 'size' ? 2 : 10,
        range: (_plot, min, max) => padded(min, max),
      },
      y: { distr: 3, log: 10, range: (_plot, min, max) => decades(min, max) },
    };
  }

  function linearScales() {
    return {
      x: { time: false, range: (_plot, min, max) => [min, max] },
      y: { range: (_plot, _min, max) => [0, Math.max(max, 1) * 1.08] },
    };
  }

  /** Of a legible size in whole units: bytes in steps of powers of two, seconds in minutes or hours. */
  const STEPS = {
    size: Array.from({ length: 40 }, (_, i) => 2 ** i),
    time: [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400],
  };
  const steps = (chart, { quantity }) => chart.linear && quantity in STEPS && { incrs: STEPS[quantity] };

  function options(chart, width, showAt) {
    const series = chart.series.map(({ label, style }) => ({
      label,
      stroke: () => colour(`--line-${style}`),
      width: 2,
      dash: DASHES[style],
      spanGaps: !chart.linear,
      points: chart.linear
        ? { show: false }
        : { show: true, size: 7, fill: () => colour('--surface'), width: 2 },
    }));
    return {
      width,
      height: heightFor(width),
      legend: { show: false },
      cursor: { drag: { x: false, y: false }, y: false, points: { size: 9 } },
      scales: chart.linear ? linearScales() : logarithmicScales(chart),
      axes: [
        axis(chart.x.quantity, {
          space: 58,
          size: 32,
          ...steps(chart, chart.x),
          ...(chart.x.quantity === 'size' && { splits: powers, filter: (_plot, splits) => splits }),
        }),
        axis(chart.y.quantity, { space: 26, size: 74, ...steps(chart, chart.y) }),
      ],
      series: [{ label: chart.x.label }, ...series],
      hooks: { setCursor: [(plot) => showAt(plot.cursor.idx)] },
    };
  }

  function heightFor(width) {
    return Math.round(Math.min(Math.max(width * 0.42, 240), 380));
  }

  function draw(place, chart) {
    const { list, showAt } = makeLegend(chart);
    place.before(list);
    place.before(element('div', 'axis-label', `${chart.y.label} ↑`));
    place.after(element('div', 'axis-label x', `${chart.x.label} →`));
    const data = [chart.x.values, ...chart.series.map(({ values }) => values)];
    const plot = new uPlot(options(chart, place.clientWidth, showAt), data, place);
    new ResizeObserver(() => {
      const width = place.clientWidth;
      if (width > 0 && width !== plot.width) plot.setSize({ width, height: heightFor(width) });
    }).observe(place);
    const moveTo = (index) =>
      plot.setCursor({
        left: plot.valToPos(chart.x.values[index], 'x'),
        top: plot.bbox.height / devicePixelRatio / 2,
      });
    place.addEventListener('keydown', (event) => {
      const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (step === undefined) return;
      event.preventDefault();
      const last = chart.x.values.length - 1;
      const from = plot.cursor.idx ?? (step > 0 ? -1 : last + 1);
      moveTo(Math.min(Math.max(from + step, 0), last));
    });
    // Fingers do not hover.
    const touch = (event) => {
      const box = plot.over.getBoundingClientRect();
      const { clientX, clientY } = event.touches[0];
      plot.setCursor({ left: clientX - box.left, top: clientY - box.top });
    };
    plot.over.addEventListener('touchstart', touch, { passive: true });
    plot.over.addEventListener('touchmove', touch, { passive: true });
    return plot;
  }

  function enableCopying(button) {
    const source = document.getElementById(button.dataset.copy);
    const say = (text) => {
      button.textContent = text;
      setTimeout(() => {
        button.textContent = 'Copy';
      }, 2000);
    };
    button.addEventListener('click', async () => {
      try {
        await navigator.clipboard.writeText(source.textContent);
        say('Copied');
      } catch {
        // Not every browser lets a file use the clipboard: select it, and leave the rest to the keyboard.
        getSelection().selectAllChildren(source);
        say(document.execCommand('copy') ? 'Copied' : 'Selected');
      }
    });
  }

  const charts = JSON.parse(document.getElementById('charts').textContent);
  const plots = charts.map((chart) => draw(document.querySelector(`[data-chart="${chart.id}"]`), chart));
  const redraw = () => {
    for (const plot of plots) plot.redraw();
  };
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', redraw);
  // Paper is white.
  addEventListener('beforeprint', () => {
    root.dataset.print = '';
    redraw();
  });
  addEventListener('afterprint', () => {
    delete root.dataset.print;
    redraw();
  });
  for (const button of document.querySelectorAll('[data-copy]')) enableCopying(button);
})();
