package io.github.t6j.chat;

import io.github.t6j.GenerationOptions;
import io.github.t6j.ModelFormatException;
import io.github.t6j.chat.template.ChatTemplate;
import io.github.t6j.chat.template.ChatTemplateException;
import io.github.t6j.json.Json;
import io.github.t6j.tokenizer.Tokenizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * Turns conversations into documents to train on, in which only the assistant's ids are scored. Training sees the ids
 * that inference sees: each answer follows exactly the ids that {@link PromptFormat#prompt} makes of the messages
 * before it, and ends with the special token that the template writes after it, where
 * {@link PromptFormat#untilEndOfTurn} stops. The rest of the template's text is not scored. Thread-safe.
 *
 * <p>A later prompt that begins with the ids so far continues their document. If it does not, because a token reaches
 * across the beginning of an earlier answer, the answer gets its own document. A conversation longer than the context
 * is split before a user message; each part begins with the system message.
 */
public final class ConversationEncoder {
    private static final int SHOWN = 40;

    private final Tokenizer tokenizer;
    private final ChatTemplate template;
    private final PromptFormat format;
    private final int longest;

    /**
     * Ids to train on, not copied.
     *
     * @param scored for each id, true if training scores it
     */
    public record Document(int[] ids, boolean[] scored) {}

    /**
     * Documents of a conversation.
     *
     * @param answers number of scored answers
     * @param tokens number of scored ids
     * @param splits number of splits of a conversation that is longer than the context
     * @param leftOut number of answers left out because their turn alone is longer than the context
     */
    public record Encoded(List<Document> documents, int answers, int tokens, int splits, int leftOut) {}

    /** Texts of a prompt, and of the answer with its end. */
    private record Turn(String prompt, String answer) {}

    /**
     * Creates an encoder.
     *
     * @param contextLength context length of the training; a document has at most one more id
     */
    public ConversationEncoder(Tokenizer tokenizer, ChatTemplate template, int contextLength) {
        this.tokenizer = Objects.requireNonNull(tokenizer, "tokenizer");
        this.template = Objects.requireNonNull(template, "template");
        format = new PromptFormat(tokenizer, Optional.of(template));
        longest = contextLength + 1;
    }

    /** Returns the format of the prompts. */
    public PromptFormat format() {
        return format;
    }

    /**
     * Returns the documents of a conversation; none if every answer is left out. Messages after the last answer are
     * ignored.
     *
     * @param where name of the conversation in errors
     * @throws ModelFormatException if the template rejects the conversation or drops a part of it, or if the text of a
     *     prompt is not the beginning of the text of its answer or of a later prompt
     */
    public Encoded encode(Conversation conversation, String where) {
        Objects.requireNonNull(conversation, "conversation");
        Objects.requireNonNull(where, "where");
        Encoding encoding = new Encoding(conversation, where);
        for (int i = 0; i < conversation.messages().size(); i++) {
            if (conversation.messages().get(i).role() == Role.ASSISTANT) {
                encoding.add(i);
            }
        }
        return encoding.finish();
    }

    /**
     * Returns the number of ids of a conversation's last answer, with its end.
     *
     * @throws ModelFormatException as {@link #encode} does
     */
    public int lengthOfLastAnswer(Conversation conversation, String where) {
        Objects.requireNonNull(conversation, "conversation");
        Objects.requireNonNull(where, "where");
        Encoding encoding = new Encoding(conversation, where);
        Turn turn = encoding.turn(conversation.lastAnswer());
        return answerIds(format.encode(turn.prompt), turn).length;
    }

    /** Returns the ids of an answer as they follow the ids of its prompt. */
    private int[] answerIds(int[] prompt, Turn turn) {
        int[] whole = format.encode(turn.prompt + turn.answer);
        if (startsWith(whole, prompt)) {
            return Arrays.copyOfRange(whole, prompt.length, whole.length);
        }
        // a token of the whole text reaches from the prompt into the answer; after the ids of the prompt, the model
        // writes the text of the answer alone: encoded after a special token, so that it does not begin a text
        int[] alone = format.encode(format.endOfTurn() + turn.answer);
        return format.endOfTurn().isEmpty() ? alone : Arrays.copyOfRange(alone, 1, alone.length);
    }

    private static boolean startsWith(int[] ids, int[] beginning) {
        return ids.length >= beginning.length
                && Arrays.equals(ids, 0, beginning.length, beginning, 0, beginning.length);
    }

    /** Returns an answer up to its end: the token that ends turns, or else another special token before white space. */
    private String toEnd(String answer) {
        String end = format.endOfTurn();
        int at = end.isEmpty() ? -1 : answer.lastIndexOf(end);
        if (at < 0) {
            int[] ids = tokenizer.encodeWithSpecialTokens(answer);
            for (int i = ids.length - 1; at < 0 && i >= 0; i--) {
                if (tokenizer.isSpecial(ids[i])) {
                    end = tokenizer.decode(ids[i]);
                    at = answer.lastIndexOf(end);
                    break;
                }
            }
            if (at < 0 || !answer.substring(at + end.length()).isBlank()) {
                return answer;
            }
        }
        return answer.substring(0, at + end.length());
    }

    /** Encoding of one conversation. */
    private final class Encoding {
        private final List<Message> messages;
        private final ChatOptions options;
        private final String where;
        private final int system; // number of messages that begin every part: one if the first is a system message
        private final List<Document> documents = new ArrayList<>();
        private int first; // message with which the current part continues after them
        private String text = ""; // of the present part, to the end of its last answer
        private int last; // index of that answer
        private int[] ids = new int[0]; // of the present document
        private boolean[] scored = new boolean[0];
        private int answers;
        private int tokens;
        private int splits;
        private int leftOut;

        Encoding(Conversation conversation, String where) {
            messages = conversation.messages();
            options = ChatOptions.of(GenerationOptions.defaults()).withTools(conversation.tools());
            this.where = where;
            system = messages.getFirst().role() == Role.SYSTEM ? 1 : 0;
            first = system;
        }

        /** Adds the answer that is message {@code index}. */
        void add(int index) {
            Turn turn = turn(index);
            int[] prompt = format.encode(turn.prompt);
            int[] answer = answerIds(prompt, turn);
            int turnStart = beginningOfTurn(index);
            if (prompt.length + answer.length > longest && turnStart > first) {
                beginPart(turnStart);
                splits++;
                turn = turn(index);
                prompt = format.encode(turn.prompt);
                answer = answerIds(prompt, turn);
            }
            text = turn.prompt + turn.answer;
            last = index;
            if (prompt.length + answer.length > longest) {
                leftOut++;
                return;
            }
            if (!startsWith(prompt, ids)) {
                endDocument();
            }
            int all = prompt.length + answer.length;
            ids = Arrays.copyOf(prompt, all);
            System.arraycopy(answer, 0, ids, prompt.length, answer.length);
            scored = Arrays.copyOf(scored, all);
            Arrays.fill(scored, prompt.length, all, true);
            answers++;
            tokens += answer.length;
        }

        /** Returns the index of the user message to which the answer belongs, possibly after tool calls. */
        private int beginningOfTurn(int index) {
            int at = index;
            while (at > first && messages.get(at).role() != Role.USER) {
                at--;
            }
            return at;
        }

        private void beginPart(int index) {
            endDocument();
            first = index;
            text = "";
        }

        private void endDocument() {
            if (ids.length > 0) {
                documents.add(new Document(ids, scored));
            }
            ids = new int[0];
            scored = new boolean[0];
        }

        Encoded finish() {
            endDocument();
            return new Encoded(documents, answers, tokens, splits, leftOut);
        }

        /** Renders an answer and its prompt. */
        Turn turn(int index) {
            Message message = messages.get(index);
            String prompt;
            String answered;
            try {
                prompt = format.render(part(index), options);
                answered = format.renderAnswered(part(index + 1), options);
            } catch (ChatTemplateException refused) {
                throw new ModelFormatException(
                        where + ": messages before messages[" + index + "]: refused by the chat template: "
                                + refused.getMessage()
                                + (hasCallWithoutId(index)
                                        ? ": if the template needs it, give each of tool_calls an id"
                                        : ""),
                        refused);
            }
            check(text, prompt, "messages[" + last + "]", "the prompt of messages[" + index + "]");
            check(prompt, answered, "the prompt of messages[" + index + "]", "messages[" + index + "]");
            String answer = toEnd(answered.substring(prompt.length()));
            if (answer.isEmpty()) {
                throw dropped(index, "an assistant's message");
            }
            if (system == 1 && !format.hasSystem() && (format.hasTools() || options.tools().isEmpty())) {
                throw dropped(0, "a system message");
            }
            for (ToolCall call : message.toolCalls()) {
                if (!answer.contains(call.name())) {
                    throw dropped(index, "the call of " + call.name());
                }
            }
            return new Turn(prompt, answer);
        }

        private boolean hasCallWithoutId(int index) {
            return part(index + 1).stream().flatMap(message -> message.toolCalls().stream())
                    .anyMatch(call -> call.id().isEmpty());
        }

        /** Returns the messages of the present part before {@code end}. */
        private List<Message> part(int end) {
            List<Message> part = new ArrayList<>(messages.subList(0, system));
            part.addAll(messages.subList(first, end));
            return part;
        }

        private ModelFormatException dropped(int index, String what) {
            return new ModelFormatException(where + ": messages[" + index + "]: expected a chat template that renders "
                    + what + ", found that " + template.name()
                    + " leaves it out: give another template, or conversations"
                    + " without it");
        }

        /** Checks that a text is the beginning of another. */
        private void check(String beginning, String whole, String of, String ofWhole) {
            if (whole.startsWith(beginning)) {
                return;
            }
            int at = 0;
            while (at < whole.length() && whole.charAt(at) == beginning.charAt(at)) {
                at++;
            }
            throw new ModelFormatException(where + ": chat template " + template.name() + ": expected the text up to "
                    + of + " to begin that up to " + ofWhole + ", found that they part at character " + at + ": "
                    + shown(beginning, at) + " and " + shown(whole, at) + ": the template rewrites earlier text, so the"
                    + " answers have no fixed place: train on conversations of one answer, or with another template");
        }

        private static String shown(String text, int at) {
            String part = text.substring(at, Math.min(text.length(), at + SHOWN));
            return Json.writeLine(part).strip();
        }
    }
}
