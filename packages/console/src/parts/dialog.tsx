import type { ComponentChildren } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { ApiError } from '../api.ts';

/**
 * A form in a modal dialog. `submit` does the work. If it throws, the error is shown and nothing that was typed is
 * lost.
 */
export function FormDialog(props: {
  title: string;
  action: string;
  tone?: 'primary' | 'danger';
  isReady?: boolean;
  submit: () => Promise<void>;
  onClose: () => void;
  children: ComponentChildren;
}) {
  const { title, action, tone = 'primary', isReady = true, submit, onClose, children } = props;
  const dialog = useRef<HTMLDialogElement>(null);
  const [problem, setProblem] = useState<string>();
  const [isBusy, setBusy] = useState(false);
  useEffect(() => dialog.current?.showModal(), []);
  const send = async () => {
    setBusy(true);
    setProblem(undefined);
    try {
      await submit();
      onClose();
    } catch (error) {
      setProblem(error instanceof ApiError ? error.message : 'The request failed; try again.');
      setBusy(false);
    }
  };
  return (
    <dialog ref={dialog} aria-label={title} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void send();
        }}
      >
        <h2>{title}</h2>
        {children}
        {problem === undefined ? null : (
          <p class="note critical" role="alert">
            {problem}
          </p>
        )}
        <div class="buttons">
          <button type="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" class={tone} disabled={isBusy || !isReady}>
            {action}
          </button>
        </div>
      </form>
    </dialog>
  );
}
