package io.github.t6j.chat.internal;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads calls that are JSON objects with name and arguments, one after the other or in an array, up to a closing tag if
 * there is one.
 */
final class JsonCallReader extends CallReader {
    /** Separators after a call whose closing tag is missing, or only blanks. */
    private static final Pattern SEPARATORS = Pattern.compile("\\s*[,;\\]`][\\s,;\\]`]*|\\s+$");

    private final String close; // "" without a tag
    private final boolean plain; // the answer begins with JSON, which may be something other than calls
    private JsonCall call; // in progress, or null
    private boolean any;

    /** @param raw text up to the JSON; blank if no tag comes before it */
    JsonCallReader(AnswerParser parser, String raw, String close) {
        super(parser, raw);
        this.close = close;
        plain = Tag.all(true).stream().noneMatch(tag -> raw.contains(tag.open()));
    }

    @Override
    boolean read(StringBuilder held) {
        int at = 0;
        boolean over = false;
        while (at < held.length() && !over) {
            char next = held.charAt(at);
            if (call != null) {
                over = readCall(next);
                at++;
            } else if (next == '{') {
                call = new JsonCall(parser, plain, this);
                raw().append(next);
                at++;
            } else if (!close.isEmpty() && held.indexOf(close, at) == at) {
                if (any) {
                    raw().setLength(0);
                } else {
                    raw().append(close);
                }
                at += close.length();
                over = true;
            } else if (!close.isEmpty() && close.startsWith(held.substring(at))) {
                break; // more text may complete the tag
            } else if (isBetween(next)) {
                raw().append(any && close.isEmpty() ? "" : Character.toString(next));
                at++;
            } else {
                over = true;
            }
        }
        held.delete(0, at);
        if (call != null) {
            call.flush();
        }
        if (over) {
            flush();
        }
        return over;
    }

    /** @return true if it turns out not to be a call */
    private boolean readCall(char next) {
        raw().append(next);
        boolean well = call.accept(next);
        if (well && !call.isComplete()) {
            return false;
        }
        boolean begun = call.hasBegun();
        end();
        any = true;
        return !well && (close.isEmpty() || !begun);
    }

    /** Returns true if {@code next} may come before, between or after calls. */
    private boolean isBetween(char next) {
        return Character.isWhitespace(next) || (any ? !close.isEmpty() || ",;]`".indexOf(next) >= 0 : next == '[');
    }

    @Override
    void finish(StringBuilder held) {
        Matcher separators = SEPARATORS.matcher(raw());
        if (any && separators.lookingAt()) {
            raw().delete(0, separators.end()); // what follows them is text
        }
        if (any || call != null && call.hasBegun()) {
            held.setLength(0); // the beginning of the closing tag
        }
        end();
    }

    private void end() {
        if (call != null && call.hasBegun()) {
            call.flush();
            parser.endCall();
            raw().setLength(0);
        } else {
            flush();
        }
        call = null;
    }
}
