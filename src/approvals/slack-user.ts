// The user that a member of Slack is here: only who clicks there, or follows the link given there, bears such a name. Pure.

const PREFIX = 'slack:';

/** `member` is Slack's id of them. */
export function slackUser(member: string): string {
  return `${PREFIX}${member}`;
}

/** A key or a token with such a name would answer for that member. */
export function isSlackUser(user: string): boolean {
  return user.startsWith(PREFIX);
}
