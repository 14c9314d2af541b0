package io.github.t6j.chat.internal;

import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads tool calls of one format, and passes them to the parser of the answer. */
abstract class CallReader {
    private static final Pattern BEFORE_JSON = Pattern.compile("\\s*(?=[\\[{])");
    private static final Pattern BEFORE_FUNCTION = Pattern.compile("\\s*(?=<function=)");
    /** Name of a tool, the id of the call, and the beginning of its arguments, as Mistral's newer models write them. */
    private static final Pattern MISTRAL =
            Pattern.compile("\\s*([\\w.-]+)\\s*(?:\\[CALL_ID]\\s*(\\w+)\\s*)?(?:\\[ARGS]\\s*)?(?=\\{)");

    final AnswerParser parser;
    /** Text that may turn out not to be a call. */
    private final StringBuilder raw;

    CallReader(AnswerParser parser, String raw) {
        this.parser = parser;
        this.raw = new StringBuilder(raw);
    }

    /**
     * Returns a reader of the calls after a tag.
     *
     * @param from end of the tag in {@code held}
     * @return null if no call follows
     */
    static CallReader after(Tag tag, StringBuilder held, int from, AnswerParser parser) {
        Matcher json = at(BEFORE_JSON, held, from);
        if (json.lookingAt()) {
            return new JsonCallReader(parser, held.substring(0, json.end()), tag.close());
        }
        Matcher named = at(other(tag), held, from);
        if (!named.lookingAt()) {
            return null;
        }
        String raw = held.substring(0, named.end());
        return tag == Tag.TOOL_CALL
                ? new FunctionCallReader(parser, raw)
                : new NamedCallReader(parser, raw, named.group(1), named.group(2) == null ? "" : named.group(2));
    }

    private static Pattern other(Tag tag) {
        return tag == Tag.TOOL_CALL ? BEFORE_FUNCTION : tag == Tag.TOOL_CALLS ? MISTRAL : BEFORE_JSON;
    }

    private static Matcher at(Pattern pattern, StringBuilder held, int from) {
        return pattern.matcher(held).region(from, held.length());
    }

    /** Returns true if a call may follow a tag when more text has been appended. */
    static boolean mayFollow(Tag tag, StringBuilder held, int from) {
        return List.of(BEFORE_JSON, other(tag)).stream().map(pattern -> at(pattern, held, from))
                .anyMatch(matcher -> !matcher.lookingAt() && matcher.hitEnd());
    }

    /**
     * Reads the beginning of {@code held} and removes it there.
     *
     * @return true if the calls are over, and what remains is text
     */
    abstract boolean read(StringBuilder held);

    /** Ends a call that the end of the answer cuts off; {@code held} is the text that was not read. */
    abstract void finish(StringBuilder held);

    /** Returns the text that may turn out not to be a call. */
    StringBuilder raw() {
        return raw;
    }

    /** Passes on as text whatever turned out not to be a call. */
    void flush() {
        parser.text(raw.toString());
        raw.setLength(0);
    }
}
