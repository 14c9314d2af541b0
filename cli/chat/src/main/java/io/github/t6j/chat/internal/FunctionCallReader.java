package io.github.t6j.chat.internal;

import io.github.t6j.ModelFormatException;
import io.github.t6j.chat.Tool;
import io.github.t6j.json.Json;
import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads a call in tags, {@code <function=NAME><parameter=KEY>VALUE</parameter></function></tool_call>}. */
final class FunctionCallReader extends CallReader {
    private static final Pattern TAG = Pattern.compile(
            "\\s*(?:<function=(?<function>[^>\\n]*[^>\\s][^>\\n]*)>|<parameter=(?<parameter>[^>\\n]+)>|(?<end></function>)"
                    + "|(?<close></tool_call>))");
    /** End of a value; a model may leave out its closing tag. */
    private static final Pattern END_OF_VALUE = Pattern.compile("</parameter>|(?=</function>\\s*</tool_call>)");

    private static final int LONGEST_END = "</parameter>".length();

    private String function; //  name of the tool in progress, or null
    private String parameter; // whose value is read, or null
    private boolean first; //    no parameter was read yet
    private int searched; //     characters of the value without its end

    FunctionCallReader(AnswerParser parser, String raw) {
        super(parser, raw);
    }

    @Override
    boolean read(StringBuilder held) {
        while (true) {
            if (parameter != null) {
                if (!readValue(held)) {
                    return false;
                }
                continue;
            }
            Matcher tag = TAG.matcher(held);
            if (!tag.lookingAt()) {
                if (tag.hitEnd()) {
                    return false;
                }
                giveUp();
                return true;
            }
            boolean closes = readTag(tag);
            held.delete(0, tag.end());
            if (closes) {
                return true;
            }
        }
    }

    /** @return true if it closes the calls */
    private boolean readTag(Matcher tag) {
        if (tag.group("function") != null) {
            end();
            function = tag.group("function").strip();
            first = true;
            raw().setLength(0);
            parser.beginCall("", function);
            parser.arguments("{");
        } else if (tag.group("parameter") != null && function != null) {
            parameter = tag.group("parameter").strip();
            searched = 0;
        } else {
            end();
        }
        return tag.group("close") != null;
    }

    private void end() {
        if (function != null) {
            parser.arguments("}");
            parser.endCall();
            function = null;
        }
    }

    private boolean readValue(StringBuilder held) {
        Matcher matcher = END_OF_VALUE.matcher(held);
        if (!matcher.find(searched)) {
            int open = held.lastIndexOf("</function>");
            searched = open >= searched ? open : Math.max(searched, held.length() - LONGEST_END);
            return false;
        }
        int end = matcher.start();
        int length = end > 0 && held.charAt(end - 1) == '\n' ? end - 1 : end;
        int start = length > 0 && held.charAt(0) == '\n' ? 1 : 0;
        parser.arguments((first ? "" : ", ") + quoted(parameter) + ": " + json(held.substring(start, length)));
        held.delete(0, matcher.end());
        first = false;
        parameter = null;
        return true;
    }

    private static String quoted(String text) {
        return Json.writeLine(text).strip();
    }

    /** Returns a value as JSON: text where it is not JSON, or where the tool's schema allows text, but not this. */
    private String json(String value) {
        Object parsed;
        try {
            parsed = Json.parse(value.getBytes(StandardCharsets.UTF_8), parameter);
        } catch (ModelFormatException text) {
            return quoted(value);
        }
        Tool tool =
                parser.tools().stream().filter(candidate -> candidate.name().equals(function)).findFirst().orElse(null);
        if (tool == null) {
            return quoted(value);
        }
        Parameters parameters = new Parameters(tool.parameters());
        boolean isText = parameters.allow(parameter, value)
                && (parsed instanceof String || !parameters.allow(parameter, parsed));
        return isText ? quoted(value) : value.strip();
    }

    private void giveUp() {
        if (function != null) {
            parser.endCall();
            function = null;
        } else {
            flush();
        }
    }

    @Override
    void finish(StringBuilder held) {
        if (function != null) {
            held.setLength(0); // a value without its end
        }
        giveUp();
    }
}
