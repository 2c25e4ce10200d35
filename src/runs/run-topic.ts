// The topic on which a run itself is woken to look at what operators ask of it: messages that nobody takes, and that never decide.
import { wakeTopic } from '../durable/index.ts';

/** No node has an empty id. */
export const RUN_TOPIC = wakeTopic('', 0);
