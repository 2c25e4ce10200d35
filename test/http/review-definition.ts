// A definition for tests: writes a note, asks a person who may edit its name, then waits for a message.
export const REVIEW = `
workflow:
  name: review-a-note
  version: 1.0.0
  input: { type: object, required: [note], additionalProperties: false, properties: { note: { type: string, maxLength: 20 } } }
modules:
  - id: write
    activities:
      - name: draft
        tool: memory
        action: remember
        with: { key: "{{ input.note }}", content: "\${{ input.note }}" }
        compensation: forget
  - id: review
    type: approval
    depends_on: [write]
    approval: { title: "Keep {{ input.note }}?", approvers: ["user:ann"], timeout: 1h, editable: [write.draft] }
  - id: signed
    type: wait
    depends_on: [review]
    wait: { message: signed, timeout: 1h }
output: { key: "\${{ outputs.write.draft.key }}", by: "\${{ outputs.review.by }}" }
`;
