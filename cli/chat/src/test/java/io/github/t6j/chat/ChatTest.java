package io.github.t6j.chat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.t6j.FinishReason;
import io.github.t6j.GenerationOptions;
import io.github.t6j.Model;
import io.github.t6j.Session;
import io.github.t6j.SessionOptions;
import io.github.t6j.chat.models.ChatModels;
import io.github.t6j.chat.template.ChatTemplate;
import io.github.t6j.sampling.SamplingOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A conversation turn by turn equals one that is fed as a whole to an empty session. */
class ChatTest {
    private static final GenerationOptions GREEDY =
            GenerationOptions.defaults().withMaxTokens(12).withSampling(SamplingOptions.greedy());
    private static final int CONTEXT = 400;
    private static final int END_OF_TURN = ChatModels.LETTERS.length() + 1;
    private static final AnswerListener NOBODY = (text, thinking) -> {
    };
    private static final List<String> SAID = List.of("hello there", "what is a whale?", "and a boat, then?");

    @TempDir
    private Path folder;
    private final List<AutoCloseable> opened = new ArrayList<>();
    private Session session;

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable one : opened.reversed()) {
            one.close();
        }
    }

    private Model golden(String name) throws IOException {
        Model model = ChatModels.golden(name, ChatModels.tokenizer(folder));
        opened.add(model);
        return model;
    }

    private Chat chat(Model model, int context, Optional<ChatTemplate> template) {
        session = model.newSession(SessionOptions.defaults().withContextLength(context));
        opened.add(session);
        return new Chat(model, session, new PromptFormat(model.tokenizer(), template));
    }

    private Chat chatMl(String model, int context) throws IOException {
        return chat(golden(model), context, ChatModels.template(ChatModels.CHATML));
    }

    /** Greedy conversations, with a template and without; TPA, linear attention, MLA, GTA, windows, and others. */
    @ParameterizedTest
    @ValueSource(strings = {
        "models/t6-tiny", "golden/T6_even", "golden/T6_kvonly", "golden/T6_linearattn", "golden/llama-mla",
        "golden/llama-mqa", "golden_llama/llama3-gqa", "golden_llama/mistral-window", "golden_llama/qwen3-norm",
        "golden_mlra/tpa_odd", "golden_mlra/mlra_4", "golden_mlra/gta"
    })
    void turnByTurnIsAsInAnEmptySession(String name) throws IOException {
        boolean tiny = name.contains("tiny");
        Model model = tiny ? ChatModels.tiny() : golden(name);
        opened.add(model);
        for (Optional<ChatTemplate> template : tiny
                ? List.of(Optional.<ChatTemplate>empty())
                : List.of(Optional.<ChatTemplate>empty(), ChatModels.template(ChatModels.CHATML))) {
            Chat chat = chat(model, CONTEXT, template);
            Session turns = session;
            chat.system("be brief.");
            for (String said : SAID) {
                Answer answer = chat.say(said, GREEDY, true, NOBODY);

                List<Message> before = chat.messages().subList(0, chat.messages().size() - 1);
                Chat anew = chat(model, CONTEXT, template);
                anew.replace(before);
                Answer expected = anew.regenerate(GREEDY, true, NOBODY);
                assertThat(expected.cached()).isZero();
                assertThat(answer.content()).isEqualTo(expected.content());
                assertThat(turns.ids()).containsExactly(session.ids());
                boolean first = said.equals(SAID.getFirst()) || name.contains("linearattn") && answer.cached() == 0;
                assertThat(answer.cached() > 20).as("cached: " + answer.cached()).isEqualTo(!first);
                assertThat(answer.cached() + answer.generation().promptTokens())
                        .isEqualTo(expected.generation().promptTokens());
            }
        }
    }

    /** Computes the ids by hand, without {@link PromptFormat}. */
    @Test
    void theIdsAreThoseOfTheTemplate() throws IOException {
        Chat chat = chatMl("golden/T6_even", CONTEXT);
        chat.system("s");
        String first = chat.say("u", GREEDY, true, NOBODY).content();
        chat.say("v", GREEDY.withMaxTokens(0), true, NOBODY);

        List<Integer> expected = new ArrayList<>();
        for (String text : List.of("system\ns", "user\nu", "assistant\n" + first, "user\nv")) {
            expected.add(END_OF_TURN - 1);
            text.chars().forEach(letter -> expected.add(id(letter)));
            expected.add(END_OF_TURN);
            expected.add(id('\n'));
        }
        expected.add(END_OF_TURN - 1);
        "assistant\n".chars().forEach(letter -> expected.add(id(letter)));
        assertThat(session.ids()).containsExactly(expected.stream().mapToInt(i -> i).toArray());
    }

    private static int id(int letter) {
        return ChatModels.LETTERS.indexOf(letter == '\n' ? '\u010a' : letter == ' ' ? '\u0120' : letter);
    }

    @Test
    void plainTextIsParagraphs() {
        Model model = ChatModels.tiny();
        opened.add(model);
        Chat chat = chat(model, CONTEXT, Optional.empty());
        String answer = chat.say("The whale", GREEDY, true, NOBODY).content();
        chat.say("And then?", GREEDY.withMaxTokens(0), true, NOBODY);

        assertThat(session.ids())
                .containsExactly(model.tokenizer().encode("The whale\n\n" + answer + "\n\nAnd then?\n\n"));
    }

    /** The model's end of a turn ends the answer, is not part of its text, and is in the cache as in the template. */
    @Test
    void theEndOfTurnEndsTheAnswer() throws IOException {
        Chat chat = chatMl("golden/T6_even", CONTEXT);
        GenerationOptions ending = GREEDY.withSampling(
                SamplingOptions.greedy().withLogitBias(Map.of(END_OF_TURN, 1000f)));
        StringBuilder heard = new StringBuilder();

        Answer answer = chat.say("hello", ending, true, (text, thinking) -> heard.append(text));

        assertThat(answer.generation().finishReason()).isEqualTo(FinishReason.STOP_STRING);
        assertThat(answer.content()).isEmpty();
        assertThat(heard).isEmpty();
        int fed = session.position();
        assertThat(session.ids()[fed - 1]).isEqualTo(END_OF_TURN);
        assertThat(chat.say("again", GREEDY, true, NOBODY).cached()).isEqualTo(fed);
        Answer ignoring = chat.say("again", ending.withIgnoreEndOfText(true), true, NOBODY);
        assertThat(ignoring.generation().tokens()).hasSize(GREEDY.maxTokens());
    }

    @Test
    void theOldestTurnsAreDroppedWhole() throws IOException {
        Chat chat = chatMl("golden/T6_even", 200);
        chat.system("stay");
        int dropped = 0;
        for (int i = 0; i < 9; i++) {
            Answer answer = chat.say("number " + i, GREEDY, true, NOBODY);
            dropped += answer.dropped();
            String text = model().tokenizer().decode(session.ids());
            assertThat(text).startsWith("<|im_start|>system\nstay<|im_end|>\n<|im_start|>user\nnumber " + dropped + "<")
                    .contains("number " + i);
            assertThat(session.position()).isLessThanOrEqualTo(200);
        }
        assertThat(dropped).isBetween(4, 7);
        assertThat(chat.messages()).as("all that was said").hasSize(1 + 2 * 9);
        String context = model().tokenizer().decode(session.ids());

        Chat anew = chat((Model) opened.getFirst(), 200, ChatModels.template(ChatModels.CHATML));
        anew.replace(chat.messages().subList(0, 18));
        assertThat(anew.regenerate(GREEDY, true, NOBODY).dropped()).isEqualTo(dropped);
        assertThat(model().tokenizer().decode(session.ids())).isEqualTo(context);
    }

    private Model model() {
        return (Model) opened.getFirst();
    }

    @Test
    void aMessageLongerThanTheContextIsNotSaid() throws IOException {
        Chat chat = chatMl("golden/T6_even", 120);
        chat.say("one", GREEDY, true, NOBODY);
        List<Message> before = chat.messages();

        assertThatThrownBy(() -> chat.say("x".repeat(101), GREEDY, true, NOBODY))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("message: expected, with the system message, fewer tokens than the context's 120,"
                        + " found 120: shorten it, or use a larger context");

        assertThat(chat.messages()).isEqualTo(before);
        assertThat(chat.say("two", GREEDY, true, NOBODY).dropped()).isZero();
        Answer full = chat.say("x".repeat(90), GREEDY, true, NOBODY);
        assertThat(full.dropped()).isEqualTo(2);
        assertThat(full.generation().finishReason()).isEqualTo(FinishReason.CONTEXT_FULL);
    }

    @Test
    void aTemplateThatRefusesLeavesTheConversation() throws IOException {
        Chat chat = chat(golden("golden/T6_even"), CONTEXT, ChatModels.template(ChatModels.WITHOUT_SYSTEM));
        chat.say("one", GREEDY, true, NOBODY);
        List<Message> before = chat.messages();
        chat.system("be brief");
        assertThatThrownBy(() -> chat.say("two", GREEDY, true, NOBODY)).hasMessageContaining("no system role");
        assertThatThrownBy(() -> chat.regenerate(GREEDY, true, NOBODY)).hasMessageContaining("no system role");
        chat.system(null);
        assertThat(chat.messages()).isEqualTo(before);
    }

    @Test
    void whatAStoppedAnswerHasSaidStays() throws IOException {
        Chat chat = chatMl("golden/T6_even", CONTEXT);
        List<String> heard = new ArrayList<>();
        Answer answer = chat.say("hello", GREEDY, true, (text, thinking) -> {
            heard.add(text);
            if (heard.size() == 3) {
                chat.stop();
            }
        });
        assertThat(answer.isStopped()).isTrue();
        assertThat(answer.content()).isEqualTo(String.join("", heard));
        assertThat(answer.generation().tokens()).hasSize(3);
        assertThat(chat.messages()).hasSize(2);
        assertThat(chat.say("go on", GREEDY, true, NOBODY).isStopped()).isFalse();
    }

    /** After a stop before the first token, the message is removed. */
    @Test
    void aMessageWithoutAnAnswerIsTakenBack() throws IOException {
        Chat chat = chatMl("golden/T6_even", CONTEXT);
        Thread.currentThread().interrupt();
        assertThat(chat.say("hello", GREEDY, true, NOBODY).isStopped()).isTrue();
        assertThat(Thread.interrupted()).isTrue();
        assertThat(chat.messages()).isEmpty();
        String expected = chat.say("again", GREEDY, true, NOBODY).content();
        assertThat(chatMl("golden/T6_even", CONTEXT).say("again", GREEDY, true, NOBODY).content()).isEqualTo(expected);
    }

    @Test
    void regenerateAnswersTheLastMessageAgain() throws IOException {
        Chat chat = chatMl("golden/T6_even", CONTEXT);
        assertThatThrownBy(() -> chat.regenerate(GREEDY, true, NOBODY)).isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("expected a message to answer again, found none");
        String answer = chat.say("hello", GREEDY, true, NOBODY).content();
        Answer again = chat.regenerate(GREEDY, true, NOBODY);
        assertThat(again.content()).isEqualTo(answer);
        assertThat(again.generation().promptTokens()).as("all but the last id are in the cache").isOne();
        GenerationOptions banned = GREEDY.withSampling(
                SamplingOptions.greedy().withLogitBias(Map.of(again.generation().tokens().getFirst().id(), -1000f)));
        assertThat(chat.regenerate(banned, true, NOBODY).content()).isNotEqualTo(answer);
        assertThat(chat.messages()).hasSize(2);
    }

    @Test
    void resetKeepsWhatTheSystemSays() throws IOException {
        Chat chat = chatMl("golden/T6_even", CONTEXT);
        chat.system("be brief");
        String answer = chat.say("hello", GREEDY, true, NOBODY).content();
        chat.say("more", GREEDY, true, NOBODY);
        chat.reset();
        assertThat(chat.messages()).containsExactly(Message.system("be brief"));
        assertThat(chat.say("hello", GREEDY, true, NOBODY).content()).isEqualTo(answer);
    }

    /**
     * Thinking that the template drops from earlier answers is dropped from the cache; thinking is separated from the
     * answer.
     */
    @Test
    void thinkingIsNotKeptWhereTheTemplateDropsIt() throws IOException {
        Chat chat = chat(golden("golden/T6_even"), CONTEXT, ChatModels.template(ChatModels.THINKING));
        chat.replace(List.of(Message.user("a"), Message.assistant("<think>\nlong thought\n</think>\n\nshort")));

        chat.say("b", GREEDY, true, NOBODY);
        assertThat(model().tokenizer().decode(session.ids())).startsWith("<|im_start|>user\na<|im_end|>\n"
                + "<|im_start|>assistant\nshort<|im_end|>\n<|im_start|>user\nb<|im_end|>\n<|im_start|>assistant\n");
        chat.say("c", GREEDY, false, NOBODY);
        assertThat(model().tokenizer().decode(session.ids()))
                .contains("user\nc<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n");
        assertThat(chat.messages().get(1).content()).contains("long thought");
        assertThat(Arrays.asList(true, false)).containsExactly(
                new PromptFormat(model().tokenizer(), ChatModels.template(ChatModels.THINKING)).switchesThinking(),
                new PromptFormat(model().tokenizer(), ChatModels.template(ChatModels.CHATML)).switchesThinking());
    }
}
