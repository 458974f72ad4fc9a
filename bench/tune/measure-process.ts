// Does one task in a process of its own: the parent says which and where, and is told what was measured.

import { answerWith } from '../answers.js';
import type { Context } from '../suite.js';
import { measure, type Task } from './measure.js';

export interface Order {
  readonly task: Task;
  readonly context: Context;
}

answerWith<Order>(({ task, context }) => measure(task, context));
