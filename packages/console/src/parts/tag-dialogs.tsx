import type { TagView } from '@leafcutter/shared/wire';
import { useState } from 'preact/hooks';
import { json } from '../api.ts';
import { FormDialog } from './dialog.tsx';

interface Field {
  readonly name:
    | 'tag'
    | 'shape'
    | 'start'
    | 'step'
    | 'maxStep'
    | 'targetDurationS'
    | 'highestId'
    | 'description';
  readonly label: string;
  readonly hint: string;
  readonly pattern?: string;
}

const NUMBER = '[0-9]{1,19}';
const NAME: Field = {
  name: 'tag',
  label: 'Name',
  hint: 'At most 128 letters, digits and . _ : -, with {yyyyMMdd} or {yyyyMMdd@Europe/Berlin} for numbers that start again each day. It cannot be changed later.',
  pattern: '[A-Za-z0-9][A-Za-z0-9._:\\-\\{\\}]{0,127}',
};
const SHAPE: Field = {
  name: 'shape',
  label: 'Shape',
  hint: 'How its IDs are written, such as ORD-{base36:8}. Empty: bare numbers. It cannot be changed later.',
};
const START: Field = { name: 'start', label: 'First ID', hint: 'Default 1.', pattern: NUMBER };
const CHANGEABLE: readonly Field[] = [
  {
    name: 'step',
    label: 'Base step',
    hint: 'Smallest number of IDs in a segment. Default: 1000.',
    pattern: NUMBER,
  },
  {
    name: 'maxStep',
    label: 'Max step',
    hint: 'The largest segment. Empty: the deployment’s default.',
    pattern: NUMBER,
  },
  {
    name: 'targetDurationS',
    label: 'Target duration in seconds',
    hint: 'How long a segment should last under load. Empty: the deployment’s default.',
    pattern: NUMBER,
  },
  { name: 'highestId', label: 'Highest ID', hint: 'Empty: 2^63 − 2.', pattern: NUMBER },
  { name: 'description', label: 'Description', hint: 'What the IDs are for.' },
];

type Values = Partial<Record<Field['name'], string>>;

function Fields({
  fields,
  values,
  onChange,
}: {
  fields: readonly Field[];
  values: Values;
  onChange: (values: Values) => void;
}) {
  return (
    <>
      {fields.map(({ name, label, hint, pattern }) => (
        <label key={name}>
          {label}
          <input
            name={name}
            value={values[name] ?? ''}
            required={name === 'tag'}
            pattern={pattern}
            maxLength={name === 'description' ? 256 : 128}
            inputMode={pattern === NUMBER ? 'numeric' : 'text'}
            autocomplete="off"
            onInput={(event) => onChange({ ...values, [name]: event.currentTarget.value })}
          />
          <span class="hint">{hint}</span>
        </label>
      ))}
    </>
  );
}

/** Makes a tag. */
export function CreateTag({ onClose }: { onClose: () => void }) {
  const [values, setValues] = useState<Values>({});
  return (
    <FormDialog
      title="Create a tag"
      action="Create"
      onClose={onClose}
      submit={async () => {
        const { tag } = await json<TagView>('v1/tags', {
          method: 'POST',
          body: JSON.stringify(fieldsOf(values)),
        });
        location.hash = `#/tags/${encodeURIComponent(tag)}`;
      }}
    >
      <Fields fields={[NAME]} values={values} onChange={setValues} />
      <details>
        <summary>More settings</summary>
        <Fields fields={[SHAPE, START, ...CHANGEABLE]} values={values} onChange={setValues} />
      </details>
    </FormDialog>
  );
}

/** Changes a tag: only the fields that were touched are sent. */
export function EditTag({ view, onClose }: { view: TagView; onClose: () => void }) {
  const before: Values = {
    step: String(view.step),
    maxStep: String(view.maxStep),
    targetDurationS: String(view.targetDurationS),
    highestId: view.highestId,
    description: view.description ?? '',
  };
  const [values, setValues] = useState<Values>(before);
  const touched = CHANGEABLE.filter(({ name }) => values[name] !== before[name]);
  const change = Object.fromEntries(touched.map(({ name }) => [name, sent(name, values[name] ?? '')]));
  return (
    <FormDialog
      title={`Change ${view.tag}`}
      action={
        touched.length === 0
          ? 'Nothing changed'
          : `Change ${touched.map(({ label }) => label.toLowerCase()).join(', ')}`
      }
      isReady={touched.length > 0}
      onClose={onClose}
      submit={async () => {
        await json(`v1/tags/${encodeURIComponent(view.tag)}`, {
          method: 'PATCH',
          body: JSON.stringify(change),
        });
      }}
    >
      <p>Agents keep what they hold. The change applies from the next segment on.</p>
      <Fields fields={CHANGEABLE} values={values} onChange={setValues} />
    </FormDialog>
  );
}

/** Retires a tag; the user has to type its name. */
export function RetireTag({ tag, onClose }: { tag: string; onClose: () => void }) {
  const [typed, setTyped] = useState('');
  return (
    <FormDialog
      title={`Retire ${tag}`}
      action="Retire for good"
      tone="danger"
      isReady={typed === tag}
      onClose={onClose}
      submit={async () => {
        await json(`v1/tags/${encodeURIComponent(tag)}`, { method: 'DELETE' });
      }}
    >
      <p>
        Within seconds, agents drop what they hold of it and answer 410 from then on.{' '}
        <strong>This cannot be undone</strong>, and its numbers are never used again.
      </p>
      <label>
        Type <code>{tag}</code> to continue
        <input
          value={typed}
          autocomplete="off"
          spellcheck={false}
          onInput={(event) => setTyped(event.currentTarget.value)}
        />
      </label>
    </FormDialog>
  );
}

function fieldsOf(values: Values): object {
  const given = Object.entries(values).filter(([, value]) => value !== '');
  return Object.fromEntries(given.map(([name, value]) => [name, sent(name as Field['name'], value)]));
}

/** The form's values as the API takes them: IDs are texts, an empty field means the default. */
function sent(name: Field['name'], text: string): string | number | null {
  if (text === '') return null;
  return name === 'step' || name === 'maxStep' || name === 'targetDurationS' ? Number(text) : text;
}
