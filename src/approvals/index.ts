// The face of the approvals room: durable questions to people, who may answer them, and the links they answer by.
export { ANSWER_WAYS, APPROVAL_STATUSES, DECISIONS } from './approval.ts';
export type {
  AnswerVia,
  Approval,
  ApprovalActor,
  ApprovalStatus,
  ApprovalView,
  ChangesPolicy,
  Decision,
  DecisionRecord,
  EditSchemas,
  NewApproval,
  OnTimeout,
  Settlement,
} from './approval.ts';
export {
  editedOutputs,
  getApproval,
  getContent,
  listApprovals,
  loadApproval,
  readEditableOutputs,
  readOutputs,
} from './browse.ts';
export type { ApprovalFilter } from './browse.ts';
export { amendApproval } from './amend.ts';
export type { Amendment } from './amend.ts';
export { decideApproval } from './decide.ts';
export type { DecideRequest } from './decide.ts';
export { linkKeys, refusesLinksOfOthers } from './link-key-store.ts';
export { signLink, verifyLink } from './link.ts';
export type { LinkClaims, LinkKeys, LinkVerdict } from './link.ts';
export { startNotices } from './notice-loop.ts';
export { settledText } from './notice-text.ts';
export type { NoticeOptions, Notices } from './notice-loop.ts';
export type { Channel, Escalation, Telling } from './notice.ts';
export { countPending } from './pending-store.ts';
export { expireApproval, openApproval, readSettlement, withdrawApprovals } from './question.ts';
export { reassignApproval } from './reassign.ts';
export type { Reassignment } from './reassign.ts';
export { isSlackUser, slackUser } from './slack-user.ts';
export { takeBackApproval } from './take-back.ts';
export type { Withdrawal } from './take-back.ts';
