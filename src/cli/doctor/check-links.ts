// Do the links and buttons that people are sent lead to somebody? Pure.
import type { Config } from '../../config.ts';
import type { Connections } from '../../tools/index.ts';
import { problem, type Finding } from './finding.ts';
import type { UsedDefinition } from './used-definition.ts';

/** Addresses that mean the reader's own machine, or every one of ours. */
const LEADS_NOWHERE = /^(?:localhost|127(?:\.\d{1,3}){3}|\[?::1\]?|0\.0\.0\.0|\[?::\]?)$/;

type LinkSettings = Pick<Config, 'baseUrl' | 'host' | 'slackSigningSecret'>;

export function judgeLinks(
  used: readonly UsedDefinition[],
  connections: Connections,
  settings: LinkSettings,
): Finding[] {
  return [
    ...mailFindings(tellingBy('sendgrid', used, connections), settings),
    ...slackFindings(tellingBy('slack', used, connections), settings),
  ];
}

// What a double receives reaches nobody.
function tellingBy(tool: string, used: readonly UsedDefinition[], connections: Connections): string[] {
  const connection = connections.get(tool);
  if (connection?.state === 'connected' && connection.sandboxed) return [];
  return used.filter(({ tellsBy }) => tellsBy.has(tool)).map(({ name }) => name);
}

function mailFindings(names: readonly string[], { baseUrl, host }: LinkSettings): Finding[] {
  const hostname = baseUrl === undefined ? host : new URL(baseUrl).hostname;
  if (names.length === 0 || !LEADS_NOWHERE.test(hostname)) return [];
  const setting = baseUrl === undefined ? 'BREAKWATER_BASE_URL is not set' : `BREAKWATER_BASE_URL is ${baseUrl}`;
  return [
    problem(
      `${names.join(', ')} mails links, but ${setting}: they would lead to ${hostname}, the reader's own machine`,
      'set BREAKWATER_BASE_URL to the address by which people reach this API',
    ),
  ];
}

function slackFindings(names: readonly string[], { slackSigningSecret }: LinkSettings): Finding[] {
  if (names.length === 0 || slackSigningSecret !== undefined) return [];
  return [
    problem(
      `${names.join(', ')} asks people at Slack, but clicks on its buttons are not taken: SLACK_SIGNING_SECRET is not set`,
      "set it, and send the Slack app's interactivity to <base URL>/v1/slack/interactions",
    ),
  ];
}
