package io.github.t6j.chat.internal;

import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads an answer in channels, as Olala writes it, {@code <|channel_start|>NAME<|content|>BODY<|channel_end|>}: analysis is
 * reasoning, final is text, tools has calls in XML whose arguments are JSON. Other channels, and what follows the tools,
 * are dropped. An answer without any marker is text. A call that the end of the answer cuts off is not a call.
 */
public final class ChannelReader {
    private static final String START = "<|channel_start|>";
    private static final String CONTENT = "<|content|>";
    private static final String END = "<|channel_end|>";
    private static final String ANALYSIS = "analysis";
    private static final String FINAL = "final";
    private static final String TOOLS = "tools";
    /** A call; its JSON is not escaped, so only the tags after it end it. */
    private static final Pattern CALL = Pattern.compile(
            "<call(?:\\s+id=\"([^\"]*)\")?\\s*>\\s*<name>([^<]*)</name>\\s*<arguments>(.*?)</arguments>\\s*</call>",
            Pattern.DOTALL);

    private final AnswerParser parser;
    private final StringBuilder held = new StringBuilder(); // not parsed yet
    private String channel; //  open channel, or null
    private boolean isNamed; // the name of the next channel is read
    private boolean isMarked; // the answer has a marker, or the prompt has opened a channel
    private boolean isOver; //  the tools have ended
    private boolean skips; //   white space that follows is dropped

    /** @param prompt rendered prompt, which may open a channel */
    ChannelReader(AnswerParser parser, String prompt) {
        this.parser = parser;
        channel = opened(prompt);
        isMarked = channel != null;
        skips = isMarked;
    }

    /** Returns true if a rendered prompt ends in a channel or after one. A message may contain such text, too. */
    public static boolean isIn(String prompt) {
        String end = prompt.stripTrailing();
        return end.endsWith(CONTENT) || end.endsWith(END);
    }

    /** Returns the end of a channel, a special token that does not end an answer. */
    public static String end() {
        return END;
    }

    /** Returns true if a rendered prompt ends in the open channel of reasoning. */
    public static boolean reasons(String prompt) {
        return ANALYSIS.equals(opened(prompt));
    }

    /** Returns the channel that the end of a rendered prompt leaves open, or null. */
    private static String opened(String prompt) {
        int start = prompt.lastIndexOf(START);
        int content = prompt.indexOf(CONTENT, Math.max(start, 0));
        boolean isOpen = start >= 0 && content > 0 && prompt.indexOf(END, content) < 0;
        return isOpen ? prompt.substring(start + START.length(), content).strip() : null;
    }

    /**
     * Returns a rendered prompt, without reasoning, in the channel of calls or of text: no grammar can write the special
     * tokens between channels.
     */
    public static String withoutReasoning(String prompt, boolean calls) {
        return (reasons(prompt) ? prompt.stripTrailing() + END : prompt) + START + (calls ? TOOLS : FINAL) + CONTENT;
    }

    /** Returns the beginning of an answer as the model wrote it after {@code prompt}. */
    static String begun(String prompt, String reasoning, String content) {
        boolean opened = reasons(prompt);
        if (content.isEmpty()) {
            return opened ? reasoning : reasoning.isEmpty() ? "" : START + ANALYSIS + CONTENT + reasoning;
        }
        String before =
                opened ? reasoning + END : reasoning.isEmpty() ? "" : START + ANALYSIS + CONTENT + reasoning + END;
        return before + START + FINAL + CONTENT + content;
    }

    void append(String text) {
        held.append(text);
        parse(false);
    }

    void finish() {
        parse(true);
    }

    private void parse(boolean end) {
        boolean more = true;
        while (more) {
            if (isOver) {
                held.setLength(0);
                more = false;
            } else if (channel != null) {
                more = parseBody(end);
            } else if (isNamed) {
                more = parseName();
            } else {
                more = parseBetween(end);
            }
        }
    }

    /** Looks for the next channel. @return true if more can be parsed */
    private boolean parseBetween(boolean end) {
        int start = held.indexOf(START);
        int length = start >= 0 ? start : held.length() - (end ? 0 : Tag.possible(held, List.of(START)));
        if (!isMarked) {
            parser.text(held.substring(0, length));
        }
        held.delete(0, start >= 0 ? start + START.length() : length);
        isMarked |= start >= 0;
        isNamed = start >= 0;
        return isNamed;
    }

    private boolean parseName() {
        int content = held.indexOf(CONTENT);
        if (content < 0) {
            return false;
        }
        channel = held.substring(0, content).strip();
        held.delete(0, content + CONTENT.length());
        isNamed = false;
        skips = true;
        return true;
    }

    private boolean parseBody(boolean end) {
        int close = held.indexOf(END);
        boolean isWhole = close >= 0 || end;
        int length = close >= 0 ? close : held.length() - (end ? 0 : Tag.possible(held, List.of(END)));
        int read = read(held.substring(0, length), isWhole);
        held.delete(0, close >= 0 ? close + END.length() : read);
        if (close >= 0) {
            isOver = channel.equals(TOOLS);
            channel = null;
        }
        return close >= 0;
    }

    /** Passes on a piece of the open channel, and returns how many of its characters were read. */
    private int read(String piece, boolean isWhole) {
        int skipped = 0;
        while (skips && skipped < piece.length() && Character.isWhitespace(piece.charAt(skipped))) {
            skipped++;
        }
        skips &= skipped == piece.length();
        String text = piece.substring(skipped);
        return skipped + switch (channel) {
            case ANALYSIS -> {
                String kept = text.stripTrailing(); // white space before the end is dropped
                parser.reasoning(kept);
                yield isWhole ? text.length() : kept.length();
            }
            case FINAL -> {
                parser.text(text);
                yield text.length();
            }
            case TOOLS -> readCalls(text, isWhole);
            default -> text.length();
        };
    }

    private int readCalls(String text, boolean isWhole) {
        if (parser.tools().isEmpty()) {
            parser.text(text);
            return text.length();
        }
        Matcher call = CALL.matcher(text);
        int read = 0;
        while (call.find()) {
            parser.beginCall(call.group(1) == null ? "" : call.group(1).strip(), call.group(2).strip());
            parser.arguments(call.group(3).strip());
            parser.endCall();
            read = call.end();
        }
        return isWhole ? text.length() : read;
    }
}
