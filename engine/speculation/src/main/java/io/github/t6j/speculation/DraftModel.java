package io.github.t6j.speculation;

import io.github.t6j.Model;
import io.github.t6j.Session;
import java.util.concurrent.atomic.AtomicReference;

/** Second model that proposes ids. A session that is not in use is kept, since the next text often begins like it. */
final class DraftModel {
    private final Model second;
    private final int vocabulary; // ids that the target can choose
    private final AtomicReference<Session> idle = new AtomicReference<>();

    /** @throws IllegalArgumentException if the tokenizers of the models differ */
    DraftModel(Model target, Model second) {
        this.second = second;
        vocabulary = Math.min(target.sampleableIds(), second.info().sizes().vocabulary());
        String expected = vocabulary(target);
        String found = vocabulary(second);
        if (!expected.equals(found)) {
            throw new IllegalArgumentException(
                    "draft model: expected the vocabulary of " + expected + ", found that of " + found);
        }
    }

    /** Returns a description of the tokenizer, which is equal for the same vocabulary. */
    private static String vocabulary(Model model) {
        return model.hasTokenizer()
                ? "the tokenizer " + model.tokenizer().fingerprint()
                : "a model of " + model.info().sizes().vocabulary() + " ids without a tokenizer";
    }

    /** Returns the number of ids to choose from. */
    int vocabulary() {
        return vocabulary;
    }

    /** Returns a session with any ids, which {@link #give} takes back. */
    Session take() {
        Session kept = idle.getAndSet(null);
        return kept == null ? second.newSession() : kept;
    }

    void give(Session session) {
        if (!idle.compareAndSet(null, session)) {
            session.close();
        }
    }
}
