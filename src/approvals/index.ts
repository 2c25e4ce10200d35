// The face of the approvals room: durable questions to people, who may answer them, and the links they answer by.
export { APPROVAL_STATUSES } from './approval.ts';
export type {
  Approval,
  ApprovalActor,
  ApprovalStatus,
  ApprovalView,
  DecisionRecord,
  EditSchemas,
  NewApproval,
  Settlement,
} from './approval.ts';
export { getApproval, listApprovals, loadApproval, readEditableOutputs } from './browse.ts';
export type { ApprovalFilter } from './browse.ts';
export { amendApproval } from './amend.ts';
export type { Amendment } from './amend.ts';
export { decideApproval } from './decide.ts';
export type { DecideRequest } from './decide.ts';
export { linkKeys } from './link-key-store.ts';
export { signLink, verifyLink } from './link.ts';
export type { LinkClaims, LinkKeys, LinkVerdict } from './link.ts';
export { expireApproval, openApproval, readSettlement, withdrawApprovals } from './question.ts';
