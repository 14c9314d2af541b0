package io.github.t6j.chat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.t6j.DraftSource;
import io.github.t6j.Drafter;
import io.github.t6j.FinishReason;
import io.github.t6j.GenerationOptions;
import io.github.t6j.Model;
import io.github.t6j.Session;
import io.github.t6j.SessionOptions;
import io.github.t6j.Token;
import io.github.t6j.chat.models.ChatModels;
import io.github.t6j.chat.template.ChatTemplate;
import io.github.t6j.sampling.SamplingOptions;
import io.github.t6j.schedule.Scheduler;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A conversation turn by turn equals one that is fed as a whole to an empty session. */
class ChatSessionTest {
    private static final ChatOptions GREEDY = ChatOptions.of(
            GenerationOptions.defaults().withMaxTokens(12).withSampling(SamplingOptions.greedy()));
    private static final int CONTEXT = 400;
    private static final int END_OF_TURN = ChatModels.LETTERS.length() + 1;
    private static final AnswerListener NOBODY = AnswerListener.none();
    private static final List<String> TEXTS = List.of("hello there", "what is a whale?", "and a boat, then?");

    @TempDir
    private Path folder;
    private final List<AutoCloseable> opened = new ArrayList<>();
    private Session session;

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable resource : opened.reversed()) {
            resource.close();
        }
    }

    private Model golden(String name) throws IOException {
        Model model = ChatModels.golden(name, ChatModels.tokenizer(folder));
        opened.add(model);
        return model;
    }

    private ChatSession chat(Model model, int context, Optional<ChatTemplate> template) {
        ChatSession chat =
                Chat.of(model, template).newSession(SessionOptions.defaults().withContextLength(context));
        session = chat.session();
        opened.add(chat);
        return chat;
    }

    private ChatSession chatMl(String model, int context) throws IOException {
        return chat(golden(model), context, ChatModels.template(ChatModels.CHATML));
    }

    /** Greedy conversations, with a template and without; TPA, linear attention, MLA, GTA, windows, and others. */
    @ParameterizedTest
    @ValueSource(strings = {
        "models/t6-tiny", "golden/T6_even", "golden/T6_kvonly", "golden/T6_linearattn", "golden/llama-mla",
        "golden/llama-mqa", "golden_llama/llama3-gqa", "golden_llama/mistral-window", "golden_llama/qwen3-norm",
        "golden_mlra/tpa_odd", "golden_mlra/mlra_4", "golden_mlra/gta", "golden_olala/full-mmmmv"
    })
    void turnByTurnIsAsInAnEmptySession(String name) throws IOException {
        boolean tiny = name.contains("tiny");
        Model model = tiny ? ChatModels.tiny() : golden(name);
        opened.add(model);
        for (Optional<ChatTemplate> template : tiny
                ? List.of(Optional.<ChatTemplate>empty())
                : List.of(Optional.<ChatTemplate>empty(), ChatModels.template(ChatModels.CHATML))) {
            ChatSession chat = chat(model, CONTEXT, template);
            Session turns = session;
            chat.system("be brief.");
            for (String text : TEXTS) {
                Answer answer = chat.send(text, GREEDY, NOBODY);

                List<Message> before = chat.messages().subList(0, chat.messages().size() - 1);
                ChatSession fresh = chat(model, CONTEXT, template);
                fresh.replace(before);
                Answer expected = fresh.regenerate(GREEDY, NOBODY);
                assertThat(expected.cached()).isZero();
                assertThat(answer.content()).isEqualTo(expected.content());
                assertThat(turns.ids()).containsExactly(session.ids());
                boolean first = text.equals(TEXTS.getFirst()) || name.contains("linearattn") && answer.cached() == 0;
                assertThat(answer.cached() > 20).as("cached: " + answer.cached()).isEqualTo(!first);
                assertThat(answer.cached() + answer.generation().promptTokens())
                        .isEqualTo(expected.generation().promptTokens());
            }
        }
    }

    /** Computes the ids by hand, without {@link PromptFormat}. */
    @Test
    void theIdsAreThoseOfTheTemplate() throws IOException {
        ChatSession chat = chatMl("golden/T6_even", CONTEXT);
        chat.system("s");
        String first = chat.send("u", GREEDY, NOBODY).content();
        chat.send("v", GREEDY.withGeneration(generation -> generation.withMaxTokens(0)), NOBODY);

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
        ChatSession chat = chat(model, CONTEXT, Optional.empty());
        String answer = chat.send("The whale", GREEDY, NOBODY).content();
        chat.send("And then?", GREEDY.withGeneration(generation -> generation.withMaxTokens(0)), NOBODY);

        assertThat(session.ids())
                .containsExactly(model.tokenizer().encode("The whale\n\n" + answer + "\n\nAnd then?\n\n"));
    }

    /** The model's end of a turn ends the answer, is not part of its text, and is in the cache as in the template. */
    @Test
    void theEndOfTurnEndsTheAnswer() throws IOException {
        ChatSession chat = chatMl("golden/T6_even", CONTEXT);
        ChatOptions ending = GREEDY.withGeneration(generation -> generation.withSampling(
                SamplingOptions.greedy().withLogitBias(Map.of(END_OF_TURN, 1000f))));
        List<AnswerPart> received = new ArrayList<>();

        Answer answer = chat.send("hello", ending, received::add);

        assertThat(answer.generation().finishReason()).isEqualTo(FinishReason.STOP_STRING);
        assertThat(answer.content()).isEmpty();
        assertThat(received).isEmpty();
        int fed = session.position();
        assertThat(session.ids()[fed - 1]).isEqualTo(END_OF_TURN);
        assertThat(chat.send("again", GREEDY, NOBODY).cached()).isEqualTo(fed);
        Answer ignoring =
                chat.send("again", ending.withGeneration(generation -> generation.withIgnoreEndOfText(true)), NOBODY);
        assertThat(ignoring.generation().tokens()).hasSize(GREEDY.generation().maxTokens());
    }

    @Test
    void theOldestTurnsAreDroppedWhole() throws IOException {
        ChatSession chat = chatMl("golden/T6_even", 200);
        chat.system("stay");
        int dropped = 0;
        for (int i = 0; i < 9; i++) {
            Answer answer = chat.send("number " + i, GREEDY, NOBODY);
            dropped += answer.dropped();
            String text = model().tokenizer().decode(session.ids());
            assertThat(text).startsWith("<|im_start|>system\nstay<|im_end|>\n<|im_start|>user\nnumber " + dropped + "<")
                    .contains("number " + i);
            assertThat(session.position()).isLessThanOrEqualTo(200);
        }
        assertThat(dropped).isBetween(4, 7);
        assertThat(chat.messages()).as("all that was said").hasSize(1 + 2 * 9);
        String context = model().tokenizer().decode(session.ids());

        ChatSession fresh = chat((Model) opened.getFirst(), 200, ChatModels.template(ChatModels.CHATML));
        fresh.replace(chat.messages().subList(0, 18));
        assertThat(fresh.regenerate(GREEDY, NOBODY).dropped()).isEqualTo(dropped);
        assertThat(model().tokenizer().decode(session.ids())).isEqualTo(context);
    }

    private Model model() {
        return (Model) opened.getFirst();
    }

    /** An interrupt that comes just after an answer must not swallow the next message. */
    @Test
    void aStopBetweenAnswersHasNoEffect() throws IOException {
        ChatSession chat = chatMl("golden/T6_even", CONTEXT);
        chat.send("one", GREEDY, NOBODY);
        chat.stop();
        Answer answer = chat.send("two", GREEDY, NOBODY);
        assertThat(answer.isStopped()).isFalse();
        assertThat(answer.generation().tokens()).isNotEmpty();
        assertThat(chat.messages()).hasSize(4);
    }

    @Test
    void aMessageLongerThanTheContextIsNotSent() throws IOException {
        ChatSession chat = chatMl("golden/T6_even", 120);
        chat.send("one", GREEDY, NOBODY);
        List<Message> before = chat.messages();

        assertThatThrownBy(() -> chat.send("x".repeat(101), GREEDY, NOBODY))
                .isInstanceOf(ContextFullException.class)
                .hasMessage("message: expected, with the system message, fewer tokens than the context's 120,"
                        + " found 120: shorten it, or use a larger context");

        assertThat(chat.messages()).isEqualTo(before);
        assertThat(chat.send("two", GREEDY, NOBODY).dropped()).isZero();
        Answer full = chat.send("x".repeat(90), GREEDY, NOBODY);
        assertThat(full.dropped()).isEqualTo(2);
        assertThat(full.generation().finishReason()).isEqualTo(FinishReason.CONTEXT_FULL);
    }

    /** The policy that fails keeps the conversation as it was. */
    @Test
    void aFullContextFailsIfAsked() throws IOException {
        ChatSession chat = chatMl("golden/T6_even", 200);
        ChatOptions failing = GREEDY.withOverflow(ContextOverflow.FAIL);
        while (session.position() < 140) {
            chat.send("number", failing, NOBODY);
        }
        List<Message> before = chat.messages();
        assertThatThrownBy(() -> chat.send("x".repeat(50), failing, NOBODY)).isInstanceOf(ContextFullException.class)
                .hasMessageStartingWith("conversation: expected fewer tokens than the context's 200, found 2");
        assertThat(chat.messages()).isEqualTo(before);
        assertThat(chat.send("x".repeat(50), GREEDY, NOBODY).dropped()).isPositive();
    }

    /**
     * An answer of 300 tokens in a context of 120: the ids after each shift equal those of a loop by hand. Linear
     * attention has to read all again.
     */
    @ParameterizedTest
    @ValueSource(strings = {"golden/T6_even", "golden/T6_linearattn"})
    void anAnswerContinuesWhenTheContextIsFull(String name) throws IOException {
        ChatSession chat = chatMl(name, 120);
        chat.system("stay");
        chat.send("a turn that is dropped for an answer", GREEDY, NOBODY);
        ChatOptions shifting = GREEDY.withOverflow(ContextOverflow.SHIFT)
                .withGeneration(generation -> generation.withMaxTokens(300).withIgnoreEndOfText(true));
        StringBuilder received = new StringBuilder();

        Answer answer = chat.send("go", shifting, part -> received.append(((AnswerPart.Text) part).text()));

        assertThat(answer.generation().finishReason()).isEqualTo(FinishReason.MAX_TOKENS);
        assertThat(answer.generation().tokens()).hasSize(300);
        assertThat(received).hasToString(answer.content());
        String fixed = "<|im_start|>system\nstay<|im_end|>\n<|im_start|>user\n";
        assertThat(model().tokenizer().decode(session.ids())).startsWith(fixed);

        int[] prompt = model().tokenizer().encodeWithSpecialTokens("<|im_start|>system\nstay<|im_end|>\n"
                + "<|im_start|>user\ngo<|im_end|>\n<|im_start|>assistant\n");
        int kept = model().tokenizer().encodeWithSpecialTokens(fixed).length;
        List<Integer> context = new ArrayList<>(Arrays.stream(prompt).boxed().toList());
        List<Integer> expected = new ArrayList<>();
        int shifted = 0;
        while (expected.size() < 300) {
            if (context.size() == 120) {
                int removed = (120 - kept) / 2;
                shifted += removed;
                context.subList(kept, kept + removed).clear();
            }
            try (Session alone = model().newSession()) {
                alone.prefill(context.stream().mapToInt(i -> i).toArray());
                float[] logits = Arrays.copyOf(alone.logits(), model().sampleableIds());
                expected.add(IntStream.range(0, logits.length).boxed()
                        .max(Comparator.comparing(id -> logits[id])).orElseThrow());
                context.add(expected.getLast());
            }
        }
        assertThat(answer.generation().tokens()).extracting(Token::id).isEqualTo(expected);
        assertThat(answer.shifted()).isEqualTo(shifted);
        assertThat(answer.dropped()).isOne();
        assertThat(chat.send("on", GREEDY, NOBODY).generation().tokens()).isNotEmpty();
        checkDrafts(name, shifting, answer);
    }

    /** Gives the answer again with drafts of it, every fifth of which is wrong; they begin again after each shift. */
    private void checkDrafts(String name, ChatOptions shifting, Answer expected) throws IOException {
        int[] ids = expected.generation().tokens().stream().mapToInt(Token::id).toArray();
        for (int wrong = 4; wrong < ids.length; wrong += 5) {
            ids[wrong] = (ids[wrong] + 1) % END_OF_TURN;
        }
        ChatSession chat = chatMl(name, 120);
        chat.system("stay");
        chat.send("a turn that is dropped for an answer", GREEDY, NOBODY);
        List<Integer> begun = new ArrayList<>(); // ids before the drafts, each time that they begin
        AtomicInteger chosen = new AtomicInteger();
        Drafter drafter = (model, before, matcher) -> {
            assertThat(before).isEqualTo(session.ids());
            begun.add(before.length);
            return new DraftSource() {
                @Override
                public void add(int id) {
                    chosen.incrementAndGet();
                }

                @Override
                public int propose(int[] into, int max, int sharing) {
                    int count = Math.min(Math.min(7, max), ids.length - chosen.get());
                    System.arraycopy(ids, chosen.get(), into, 1, count);
                    return count;
                }
            };
        };

        Answer answer = chat.send(
                "go", shifting.withGeneration(generation -> generation.withSpeculation(drafter)), NOBODY);

        assertThat(answer.content()).isEqualTo(expected.content());
        assertThat(answer.generation()).isEqualTo(expected.generation());
        assertThat(answer.shifted()).isEqualTo(expected.shifted());
        assertThat(answer.generation().drafts().accepted()).isGreaterThan(150);
        assertThat(answer.generation().drafts().rejected()).isPositive();
        assertThat(begun).hasSizeGreaterThan(3).allMatch(before -> before < 120);
    }

    @Test
    void aSavedConversationContinues() throws IOException {
        Path file = folder.resolve("talk.json");
        ChatSession chat = chatMl("golden/T6_even", CONTEXT);
        chat.system("stay");
        chat.send("first", GREEDY, NOBODY);
        chat.save(file);
        Answer expected = chat.send("second", GREEDY, NOBODY);

        Chat model = Chat.of(model(), ChatModels.template(ChatModels.CHATML));
        try (ChatSession loaded = model.load(file, SessionOptions.defaults().withContextLength(CONTEXT))) {
            Answer found = loaded.send("second", GREEDY, NOBODY);
            assertThat(found.content()).isEqualTo(expected.content());
            assertThat(found.cached()).isEqualTo(expected.cached()).isGreaterThan(20);
            assertThat(loaded.messages()).isEqualTo(chat.messages());
        }
        try (ChatSession other = model.newSession(SessionOptions.defaults().withContextLength(20))) {
            assertThat(other.load(file)).get().asInstanceOf(InstanceOfAssertFactories.THROWABLE)
                    .hasMessageContaining("talk.json.cache");
            assertThat(other.messages()).hasSize(3);
        }
    }

    /** One call without a session gives what a session gives. */
    @Test
    void aWholeConversationIsAnswered() throws IOException {
        ChatSession chat = chatMl("golden/T6_even", CONTEXT);
        chat.system("stay");
        chat.send("first", GREEDY, NOBODY);
        List<Message> asked = new ArrayList<>(chat.messages());
        asked.add(Message.user("second"));
        Chat model = Chat.of(model(), ChatModels.template(ChatModels.CHATML));
        assertThat(model.answer(asked, GREEDY, NOBODY).content())
                .isEqualTo(chat.send("second", GREEDY, NOBODY).content());
        assertThatThrownBy(() -> model.answer(List.of())).hasMessage("messages: expected at least one, found none");
    }

    /** A scheduler gives the same answers, and an interrupt or the listener's exception ends one. */
    @Test
    void aSchedulerAnswersTheSame() throws IOException {
        Chat alone = Chat.of(golden("golden/T6_even"), ChatModels.template(ChatModels.CHATML));
        List<Message> asked = List.of(Message.system("stay"), Message.user("first"), Message.assistant("ok"),
                Message.user("second"));
        Answer expected = alone.answer(asked, GREEDY, NOBODY);
        try (Scheduler scheduler = new Scheduler(model())) {
            Chat together = alone.withScheduler(scheduler);
            StringBuilder received = new StringBuilder();
            Answer found = together.answer(asked, GREEDY, part -> received.append(((AnswerPart.Text) part).text()));
            assertThat(found.message()).isEqualTo(expected.message());
            assertThat(received).hasToString(expected.content());
            assertThat(found.generation().tokens()).isEqualTo(expected.generation().tokens());
            Answer again = together.answer(asked, GREEDY, NOBODY);
            assertThat(again.cached() + again.generation().promptTokens())
                    .isEqualTo(expected.generation().promptTokens());

            assertThatThrownBy(() -> together.answer(asked, GREEDY, part -> {
                throw new IllegalStateException("not now");
            })).hasMessage("not now");
            ChatOptions longest =
                    GREEDY.withGeneration(generation -> generation.withMaxTokens(100_000).withIgnoreEndOfText(true));
            Thread.currentThread().interrupt();
            assertThat(together.answer(asked, longest, NOBODY).isStopped()).isTrue();
            assertThat(Thread.interrupted()).isTrue();
        }
        assertThatThrownBy(() -> alone.withScheduler(null)).hasMessage("scheduler");
    }

    @Test
    void aTemplateThatRefusesLeavesTheConversation() throws IOException {
        ChatSession chat = chat(golden("golden/T6_even"), CONTEXT, ChatModels.template(ChatModels.WITHOUT_SYSTEM));
        chat.send("one", GREEDY, NOBODY);
        List<Message> before = chat.messages();
        chat.system("be brief");
        assertThatThrownBy(() -> chat.send("two", GREEDY, NOBODY)).hasMessageContaining("no system role");
        assertThatThrownBy(() -> chat.regenerate(GREEDY, NOBODY)).hasMessageContaining("no system role");
        chat.system(null);
        assertThat(chat.messages()).isEqualTo(before);
    }

    @Test
    void textOfAStoppedAnswerStays() throws IOException {
        ChatSession chat = chatMl("golden/T6_even", CONTEXT);
        List<String> received = new ArrayList<>();
        Answer answer = chat.send("hello", GREEDY, part -> {
            received.add(((AnswerPart.Text) part).text());
            if (received.size() == 3) {
                chat.stop();
            }
        });
        assertThat(answer.isStopped()).isTrue();
        assertThat(answer.content()).isEqualTo(String.join("", received));
        assertThat(answer.generation().tokens()).hasSize(3);
        assertThat(chat.messages()).hasSize(2);
        assertThat(chat.send("go on", GREEDY, NOBODY).isStopped()).isFalse();
    }

    /** After a stop before the first token, the message is removed. */
    @Test
    void aMessageWithoutAnAnswerIsTakenBack() throws IOException {
        ChatSession chat = chatMl("golden/T6_even", CONTEXT);
        Thread.currentThread().interrupt();
        assertThat(chat.send("hello", GREEDY, NOBODY).isStopped()).isTrue();
        assertThat(Thread.interrupted()).isTrue();
        assertThat(chat.messages()).isEmpty();
        String expected = chat.send("again", GREEDY, NOBODY).content();
        assertThat(chatMl("golden/T6_even", CONTEXT).send("again", GREEDY, NOBODY).content()).isEqualTo(expected);
    }

    @Test
    void regenerateAnswersTheLastMessageAgain() throws IOException {
        ChatSession chat = chatMl("golden/T6_even", CONTEXT);
        assertThatThrownBy(() -> chat.regenerate(GREEDY, NOBODY)).isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("expected a message to answer again, found none");
        String answer = chat.send("hello", GREEDY, NOBODY).content();
        Answer again = chat.regenerate(GREEDY, NOBODY);
        assertThat(again.content()).isEqualTo(answer);
        assertThat(again.generation().promptTokens()).as("all but the last id are in the cache").isOne();
        ChatOptions banned = GREEDY.withGeneration(generation -> generation.withSampling(
                SamplingOptions.greedy().withLogitBias(Map.of(again.generation().tokens().getFirst().id(), -1000f))));
        assertThat(chat.regenerate(banned, NOBODY).content()).isNotEqualTo(answer);
        assertThat(chat.messages()).hasSize(2);
    }

    @Test
    void resetKeepsTheSystemMessage() throws IOException {
        ChatSession chat = chatMl("golden/T6_even", CONTEXT);
        chat.system("be brief");
        String answer = chat.send("hello", GREEDY, NOBODY).content();
        chat.send("more", GREEDY, NOBODY);
        chat.reset();
        assertThat(chat.messages()).containsExactly(Message.system("be brief"));
        assertThat(chat.send("hello", GREEDY, NOBODY).content()).isEqualTo(answer);
    }

    /**
     * Thinking that the template drops from earlier answers is dropped from the cache; thinking is separated from the
     * answer.
     */
    @Test
    void thinkingIsNotKeptWhereTheTemplateDropsIt() throws IOException {
        ChatSession chat = chat(golden("golden/T6_even"), CONTEXT, ChatModels.template(ChatModels.THINKING));
        chat.replace(List.of(Message.user("a"), Message.assistant("short", "long thought", List.of())));

        chat.send("b", GREEDY, NOBODY);
        assertThat(model().tokenizer().decode(session.ids())).startsWith("<|im_start|>user\na<|im_end|>\n"
                + "<|im_start|>assistant\nshort<|im_end|>\n<|im_start|>user\nb<|im_end|>\n<|im_start|>assistant\n");
        chat.send("c", GREEDY.withThinking(false), NOBODY);
        assertThat(model().tokenizer().decode(session.ids()))
                .contains("user\nc<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n");
        assertThat(chat.messages().get(1).reasoning()).isEqualTo("long thought");
        assertThat(Arrays.asList(true, false)).containsExactly(
                new PromptFormat(model().tokenizer(), ChatModels.template(ChatModels.THINKING)).switchesThinking(),
                new PromptFormat(model().tokenizer(), ChatModels.template(ChatModels.CHATML)).switchesThinking());
    }
}
