// Rooms announce what happened; whoever wants logs or metrics subscribes. The rooms import no logger.

/** Something a room noticed. `name` is `room.what`, fields are bounded and carry no secret. */
export interface RoomEvent {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  readonly name: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

export type Emit = (event: RoomEvent) => void;

export const silent: Emit = () => undefined;
