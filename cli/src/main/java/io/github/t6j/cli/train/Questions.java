package io.github.t6j.cli.train;

import io.github.t6j.GenerationOptions;
import io.github.t6j.Model;
import io.github.t6j.ModelFormatException;
import io.github.t6j.chat.AnswerListener;
import io.github.t6j.chat.Chat;
import io.github.t6j.chat.ChatOptions;
import io.github.t6j.chat.ContextFullException;
import io.github.t6j.chat.Conversation;
import io.github.t6j.chat.ConversationEncoder;
import io.github.t6j.chat.Message;
import io.github.t6j.chat.ToolCall;
import io.github.t6j.json.Json;
import io.github.t6j.sampling.SamplingOptions;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * Held-out conversations whose last answer a model generates, greedily, to compare with the conversation's own.
 *
 * @param encoder encoder of the run, which measures the answers
 * @param held held-out conversations
 * @param max maximum number of them to ask, evenly spaced
 * @param counts numbers that describe the conversations of the run, for the log
 */
record Questions(ConversationEncoder encoder, List<Conversation> held, int max, Map<String, Object> counts) {
    private static final String HELD_OUT = "held-out conversation";

    /** Answers of each validation in the log. */
    private static final int SHOWN = 3;

    /** Number of tokens by which an answer may exceed the right one, so that a longer one is noticed. */
    private static final int SLACK = 16;

    /** Answers to all questions. */
    record Result(List<Answered> answers) {
        /** Returns the number of answers that equal the conversations' own. */
        long right() {
            return answers.stream().filter(Answered::isRight).count();
        }

        /** Returns some of the answers for the log, different ones at each validation. */
        List<Map<String, Object>> samples(long step) {
            return IntStream.range(0, Math.min(SHOWN, answers.size()))
                    .mapToObj(i -> answers.get((int) ((step + i) % answers.size())).entry()).toList();
        }

        /** Returns the answer to print. */
        Answered sample(long step) {
            return answers.get((int) (step % answers.size()));
        }
    }

    /** Question with the model's answer and the conversation's. */
    record Answered(String question, Message found, Message expected) {
        /** Compares texts without white space around them, and calls by name and arguments. */
        boolean isRight() {
            return text(found).equals(text(expected)) && calls(found).equals(calls(expected));
        }

        private static String text(Message message) {
            return message.content().strip();
        }

        private static List<Object> calls(Message message) {
            return message.toolCalls().stream().map(Answered::call).toList();
        }

        private static Object call(ToolCall call) {
            try {
                return Arrays.asList(call.name(),
                        Json.parse(call.arguments().getBytes(StandardCharsets.UTF_8), "arguments"));
            } catch (ModelFormatException incomplete) {
                return List.of(call.name(), call.arguments());
            }
        }

        /** Returns an answer as text, with its calls. */
        static String shown(Message message) {
            StringBuilder text = new StringBuilder(text(message));
            message.toolCalls().forEach(call -> text.append(text.isEmpty() ? "" : " ").append(call.name()).append(' ')
                    .append(call.arguments()));
            return text.toString();
        }

        private Map<String, Object> entry() {
            Map<String, Object> entry = new LinkedHashMap<>();
            entry.put("question", question);
            entry.put("answer", shown(found));
            entry.put("expected", shown(expected));
            return entry;
        }
    }

    /** Returns the number of conversations to ask. */
    int count() {
        return Math.min(max, held.size());
    }

    /** Returns the number of tokens of all expected answers. */
    long answerTokens() {
        return asked().mapToLong(conversation -> encoder.lengthOfLastAnswer(conversation, HELD_OUT)).sum();
    }

    private Stream<Conversation> asked() {
        return IntStream.range(0, count()).mapToObj(i -> held.get((int) ((long) i * held.size() / count())));
    }

    /** Asks a model all questions. */
    Result ask(Model model) {
        Chat chat = Chat.of(model, encoder.format().template()); // an adapter's base may have none
        List<Answered> answers = new ArrayList<>();
        for (Conversation conversation : asked().toList()) {
            List<Message> before = conversation.messages().subList(0, conversation.lastAnswer());
            Message expected = conversation.messages().get(conversation.lastAnswer());
            String question = before.isEmpty() ? "" : before.getLast().content();
            answers.add(new Answered(question, answer(chat, conversation, before), expected));
            if (Thread.currentThread().isInterrupted()) { // a cut-off answer would distort the evaluation
                throw new CancellationException("interrupted");
            }
        }
        return new Result(answers);
    }

    private Message answer(Chat chat, Conversation conversation, List<Message> before) {
        GenerationOptions greedy = GenerationOptions.defaults().withSampling(SamplingOptions.greedy())
                .withMaxTokens(encoder.lengthOfLastAnswer(conversation, HELD_OUT) + SLACK);
        try {
            return chat.answer(before, ChatOptions.of(greedy).withTools(conversation.tools()), AnswerListener.none())
                    .message();
        } catch (ContextFullException longer) { // than the model's context
            return Message.assistant("");
        }
    }
}
