package io.github.t6j.chat.internal;

import io.github.t6j.chat.AnswerListener;
import io.github.t6j.chat.AnswerPart;
import io.github.t6j.chat.Message;
import io.github.t6j.chat.Tool;
import io.github.t6j.chat.ToolCall;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Separates an answer into text, reasoning and tool calls while it is generated. The result does not depend on where
 * the pieces end. The parser knows reasoning in {@code <think>} or {@code [THINK]}, and calls in the formats of Hermes,
 * Qwen and SmolLM3 ({@code <tool_call>} with JSON or tags), of Mistral ({@code [TOOL_CALLS]}), of Granite and
 * Phi-4-mini ({@code <|tool_call|>}), and in an answer that begins with JSON, as Llama writes it. Without tools, calls
 * are text. If the prompt has channels, a {@link ChannelReader} reads the answer.
 *
 * <p>White space around reasoning and calls is dropped. What looks like a call but has no name is text. A call that the
 * end of the answer cuts off has the arguments so far.
 */
public final class AnswerParser {
    /** Beginning of an answer that is a JSON object, or an array of objects. */
    private static final Pattern JSON =
            Pattern.compile("\\s*(?:<\\|python_tag\\|>\\s*|```(?:json)?\\s*)?(?:\\[\\s*)?(?=\\{)");

    private final List<Tool> tools;
    private final List<Tag> tags;
    private final boolean leading; // tags count only before any text
    private final CallIds ids;
    private final AnswerListener listener;
    private final ChannelReader channels; // or null
    private final StringBuilder held = new StringBuilder(); // not parsed yet
    private final StringBuilder content = new StringBuilder();
    private final StringBuilder reasoning = new StringBuilder();
    private final List<ToolCall> calls = new ArrayList<>();
    private final StringBuilder arguments = new StringBuilder(); // of the call in progress
    private ToolCall calling; //  the call in progress, or null
    private CallReader reader; // of calls in progress, or null
    private Tag thinking; //      the open tag of reasoning, or null
    private boolean skips; //     white space that follows is dropped

    /**
     * Creates a parser of one answer.
     *
     * @param prompt rendered prompt, which may open the reasoning; "" for a prompt without a template
     * @param tools tools that the model may call
     * @param earlier earlier messages, whose calls' ids are not used again
     * @param leading true if tags count only before any text, since the text is JSON of a grammar, for example
     * @param listener receives the parts
     */
    public AnswerParser(String prompt, List<Tool> tools, Collection<Message> earlier, boolean leading,
            AnswerListener listener) {
        this(ChannelReader.isIn(prompt) ? prompt : null, Tag.openedBy(prompt), tools, earlier, leading, listener);
        skips = thinking != null;
    }

    /**
     * Returns a parser of the rest of an answer.
     *
     * @param prompt rendered prompt of the answer
     * @param messages messages, of which the last one is the beginning of the answer
     * @param tools tools that the model may call
     * @param listener receives the further parts
     */
    public static AnswerParser ofRest(
            String prompt, List<Message> messages, List<Tool> tools, AnswerListener listener) {
        String begun = ChannelReader.isIn(prompt) ? prompt + BegunAnswer.text(prompt, messages.getLast()) : null;
        return new AnswerParser(
                begun, BegunAnswer.open(prompt, messages.getLast()), tools, messages, false, listener);
    }

    /** @param channels prompt with channels and the beginning of the answer, or null */
    private AnswerParser(String channels, Tag open, List<Tool> tools, Collection<Message> earlier, boolean leading,
            AnswerListener listener) {
        this.tools = tools;
        this.leading = leading;
        this.listener = listener;
        tags = Tag.all(!tools.isEmpty());
        ids = new CallIds(earlier);
        thinking = open;
        this.channels = channels == null ? null : new ChannelReader(this, channels);
    }

    /** Parses the next piece of the answer. */
    public void append(String text) {
        if (channels != null) {
            channels.append(text);
            return;
        }
        held.append(text);
        parse(false);
    }

    /** Ends the answer, and returns its message. */
    public Message finish() {
        if (channels != null) {
            channels.finish();
        }
        parse(true);
        if (reader != null) {
            reader.finish(held);
            reader = null;
            parse(true);
        }
        return Message.assistant(content.toString(), reasoning.toString(), calls);
    }

    private void parse(boolean end) {
        boolean more = true;
        while (more) {
            if (reader != null) {
                more = reader.read(held);
                reader = more ? null : reader;
            } else if (thinking != null) {
                more = parseReasoning(end);
            } else {
                more = parseText(end);
            }
        }
    }

    private void skipWhiteSpace() {
        int length = 0;
        while (length < held.length() && Character.isWhitespace(held.charAt(length))) {
            length++;
        }
        held.delete(0, length);
        skips &= held.isEmpty();
    }

    /** @return true if more can be parsed */
    private boolean parseReasoning(boolean end) {
        if (skips) {
            skipWhiteSpace();
        }
        int close = held.indexOf(thinking.close());
        int length = close >= 0 ? close : held.length() - (end ? 0 : Tag.possible(held, List.of(thinking.close())));
        String text = held.substring(0, length).stripTrailing();
        if (!text.isEmpty()) {
            reasoning(text);
            held.delete(0, text.length());
        }
        if (close >= 0) {
            held.delete(0, close - text.length() + thinking.close().length());
            thinking = null;
            skips = true;
        }
        return close >= 0;
    }

    /** @return true if more can be parsed */
    private boolean parseText(boolean end) {
        if (skips) {
            skipWhiteSpace();
        }
        if (!tools.isEmpty() && content.isEmpty()) {
            Matcher json = JSON.matcher(held);
            if (json.lookingAt()) {
                begin(new JsonCallReader(this, held.substring(0, json.end()), ""), json.end());
                return true;
            }
            if (json.hitEnd() && !end) {
                return false; // more text may make it JSON
            }
        }
        int at = held.length();
        Tag first = null;
        for (Tag tag : tags) {
            int found = held.indexOf(tag.open());
            if (found >= 0 && found < at && mayStandAt(found)) {
                at = found;
                first = tag;
            }
        }
        if (first == null) {
            pass(held.length() - (end ? 0 : kept()));
            return false;
        }
        int before = at - spaceBefore(at);
        return first.calls() ? beginCalls(first, before, at, end) : beginReasoning(first, before, at);
    }

    private boolean mayStandAt(int found) {
        return !leading || content.isEmpty() && held.substring(0, found).isBlank();
    }

    /** Returns the number of characters at the end of the text that are buffered: they may belong to a tag. */
    private int kept() {
        int kept = Tag.possible(held, tags.stream().map(Tag::open).toList());
        return kept + spaceBefore(held.length() - kept);
    }

    /** Returns the length of the white space before a tag, which is dropped. */
    private int spaceBefore(int at) {
        int length = 0;
        while (length < at && Character.isWhitespace(held.charAt(at - length - 1))) {
            length++;
        }
        boolean isFirst = content.isEmpty() && length == at;
        return isFirst || !tools.isEmpty() ? length : 0; // other white space is not delayed
    }

    private boolean beginReasoning(Tag tag, int before, int at) {
        pass(before);
        held.delete(0, at - before + tag.open().length());
        thinking = tag;
        skips = true;
        return true;
    }

    private boolean beginCalls(Tag tag, int before, int at, boolean end) {
        pass(before);
        int length = at - before + tag.open().length();
        CallReader found = CallReader.after(tag, held, length, this);
        if (found != null) {
            begin(found, found.raw().length());
            return true;
        }
        if (CallReader.mayFollow(tag, held, length) && !end) {
            return false;
        }
        pass(length);
        return true;
    }

    private void begin(CallReader calls, int length) {
        held.delete(0, length);
        reader = calls;
    }

    private void pass(int length) {
        String text = held.substring(0, length);
        held.delete(0, length);
        text(text);
    }

    /** Passes on text. */
    void text(String text) {
        if (!text.isEmpty()) {
            content.append(text);
            listener.onPart(new AnswerPart.Text(text));
        }
    }

    /** Passes on reasoning. */
    void reasoning(String text) {
        if (!text.isEmpty()) {
            reasoning.append(text);
            listener.onPart(new AnswerPart.Reasoning(text));
        }
    }

    List<Tool> tools() {
        return tools;
    }

    /** Begins a call with the id that the model gave it, or "". */
    void beginCall(String id, String name) {
        calling = new ToolCall(ids.of(id), name, "");
        listener.onPart(new AnswerPart.CallBegun(calls.size(), calling.id(), name));
    }

    /** Passes on a piece of the arguments of the call in progress. */
    void arguments(String text) {
        if (!text.isEmpty()) {
            arguments.append(text);
            listener.onPart(new AnswerPart.Arguments(calls.size(), text));
        }
    }

    /** Ends the call in progress. */
    void endCall() {
        calls.add(new ToolCall(calling.id(), calling.name(), arguments.toString()));
        arguments.setLength(0);
        calling = null;
        skips = true;
        listener.onPart(new AnswerPart.CallEnded(calls.size() - 1, calls.getLast()));
    }
}
