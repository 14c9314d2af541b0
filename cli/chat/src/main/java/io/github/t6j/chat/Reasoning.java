package io.github.t6j.chat;

import io.github.t6j.chat.internal.ChannelReader;
import io.github.t6j.chat.internal.Tag;
import io.github.t6j.grammar.Grammar;
import java.util.Objects;

/**
 * Place of the reasoning before an answer.
 *
 * @param open tag that begins the reasoning, or "" if the prompt has opened the reasoning
 * @param close tag that ends the reasoning, or "" without reasoning
 */
public record Reasoning(String open, String close) {
    private static final Reasoning NONE = new Reasoning("", "");
    private static final Grammar BLANKS = Grammar.regex("[ \\n]{0,2}");

    /** Requires both components. */
    public Reasoning {
        Objects.requireNonNull(open, "open");
        Objects.requireNonNull(close, "close");
    }

    /** Returns the value for answers without reasoning. */
    public static Reasoning none() {
        return NONE;
    }

    /**
     * Returns the reasoning of the answer to a prompt.
     *
     * @param rendered rendered prompt
     * @param mayReason true if the model may begin to reason
     */
    static Reasoning of(String rendered, boolean mayReason) {
        if (ChannelReader.isIn(rendered)) {
            return ChannelReader.reasons(rendered) ? new Reasoning("", ChannelReader.end()) : NONE;
        }
        Tag opened = Tag.openedBy(rendered);
        if (opened != null) {
            return new Reasoning("", opened.close());
        }
        boolean closed = rendered.stripTrailing().endsWith(Tag.THINK.close());
        return mayReason && !closed ? new Reasoning(Tag.THINK.open(), Tag.THINK.close()) : NONE;
    }

    /** Returns {@code grammar} after reasoning of any text. */
    public Grammar before(Grammar grammar) {
        if (close.isEmpty()) {
            return grammar;
        }
        Grammar reasoning = Grammar.sequence(
                Grammar.text(open), Grammar.without(close), Grammar.text(close), BLANKS);
        return Grammar.sequence(open.isEmpty() ? reasoning : reasoning.optional(), grammar);
    }
}
