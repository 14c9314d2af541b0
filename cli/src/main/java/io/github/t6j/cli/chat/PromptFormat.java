package io.github.t6j.cli.chat;

import io.github.t6j.GenerationOptions;
import io.github.t6j.cli.template.ChatTemplate;
import io.github.t6j.tokenizer.Tokenizer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * How messages become the ids that a model sees: by its chat template, in whose text special tokens are read and to which
 * no id is added. Without a template they are a plain text ({@link #plainText}), which begins as every prompt does and
 * has no special tokens.
 */
public final class PromptFormat {
    private static final String BETWEEN = "\n\n";
    private static final String PROBE = "probe";
    private static final List<Message> PROBED = List.of(Message.user(PROBE), Message.assistant(PROBE));

    private final Tokenizer tokenizer;
    private final ChatTemplate template; // null: plain text
    private final String endOfTurn;
    private final boolean switchesThinking;

    /** @param template empty: messages are plain text */
    public PromptFormat(Tokenizer tokenizer, Optional<ChatTemplate> template) {
        this.tokenizer = tokenizer;
        this.template = template.orElse(null);
        endOfTurn = template.map(_ -> endOfTurn()).orElse("");
        switchesThinking = template.isPresent() && !probe(true).equals(probe(false));
    }

    /** Whether there is a template, and so messages with roles. */
    public boolean hasTemplate() {
        return template != null;
    }

    /** Whether the template can tell the model not to think. */
    public boolean switchesThinking() {
        return switchesThinking;
    }

    /** {@code options} that end with the answer, too: models seldom say that what ends an answer ends a text. */
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
            return ""; // a template that needs more than these messages
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
     * The text that the model continues with its answer to the last message.
     *
     * @param thinking false: the template is told that the model shall not think first
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
     * Messages for a model that knows no roles: each a paragraph, with a blank line behind it, after which the model goes
     * on with the next.
     */
    static String plainText(List<Message> messages) {
        return messages.stream().map(message -> message.content() + BETWEEN).collect(Collectors.joining());
    }

    /** The ids of a rendered text. */
    public int[] encode(String rendered) {
        return template == null ? tokenizer.encodePrompt(rendered) : tokenizer.encodeWithSpecialTokens(rendered);
    }
}
