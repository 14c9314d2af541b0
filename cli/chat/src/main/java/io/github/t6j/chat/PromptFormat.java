package io.github.t6j.chat;

import io.github.t6j.GenerationOptions;
import io.github.t6j.chat.template.ChatTemplate;
import io.github.t6j.tokenizer.Tokenizer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Turns messages into the ids of a prompt. A model's chat template makes one text, in which special tokens are read; no
 * id is added. Without a template, messages are plain text ({@link #plainText}), which begins as every prompt does and
 * has no special tokens.
 */
public final class PromptFormat {
    private static final String BETWEEN = "\n\n";
    private static final String PROBE = "probe";
    private static final List<Message> PROBED = List.of(Message.user(PROBE), Message.assistant(PROBE));

    private final Tokenizer tokenizer;
    private final ChatTemplate template; // null for plain text
    private final String endOfTurn;
    private final boolean switchesThinking;

    /** @param template chat template, or empty for plain text */
    public PromptFormat(Tokenizer tokenizer, Optional<ChatTemplate> template) {
        this.tokenizer = tokenizer;
        this.template = template.orElse(null);
        endOfTurn = template.map(_ -> endOfTurn()).orElse("");
        switchesThinking = template.isPresent() && !probe(true).equals(probe(false));
    }

    /** Returns whether there is a template, and thus messages with roles. */
    public boolean hasTemplate() {
        return template != null;
    }

    /** Returns whether the template can turn thinking off. */
    public boolean switchesThinking() {
        return switchesThinking;
    }

    /** Returns {@code options} that also stop at the end of an answer: most models list only the end of a text. */
    public GenerationOptions untilEndOfTurn(GenerationOptions options) {
        if (endOfTurn.isEmpty() || options.ignoreEndOfText()) {
            return options;
        }
        List<String> stop = new ArrayList<>(options.stop());
        stop.add(endOfTurn);
        return options.withStop(stop.toArray(String[]::new));
    }

    private String endOfTurn() {
        String text;
        try {
            text = rendered(PROBED, false, true);
        } catch (RuntimeException refused) {
            return ""; // the template needs other messages than these
        }
        int end = text.lastIndexOf(PROBE) + PROBE.length();
        for (int id : tokenizer.encodeWithSpecialTokens(text.substring(end))) {
            if (tokenizer.isSpecial(id)) {
                return tokenizer.decode(id);
            }
        }
        return "";
    }

    private String probe(boolean thinking) {
        try {
            return render(PROBED.subList(0, 1), thinking);
        } catch (RuntimeException refused) {
            return "";
        }
    }

    /**
     * Returns the text that the model continues with its answer to the last message.
     *
     * @param thinking false tells the template to turn thinking off
     * @throws RuntimeException if the template refuses the messages
     */
    public String render(List<Message> messages, boolean thinking) {
        return template == null ? plainText(messages) : rendered(messages, true, thinking);
    }

    private String rendered(List<Message> messages, boolean forAnswer, boolean thinking) {
        List<Map<String, Object>> fields = messages.stream().map(Message::fields).toList();
        return template.render(new ArrayList<>(fields), forAnswer,
                thinking ? Map.of() : Map.of("enable_thinking", false));
    }

    /**
     * Returns messages for a model without roles: a paragraph for each and a blank line after it, so that the model
     * continues with the next paragraph.
     */
    static String plainText(List<Message> messages) {
        return messages.stream().map(message -> message.content() + BETWEEN).collect(Collectors.joining());
    }

    /** Returns the ids of a rendered text. */
    public int[] encode(String rendered) {
        return template == null ? tokenizer.encodePrompt(rendered) : tokenizer.encodeWithSpecialTokens(rendered);
    }
}
