package io.github.t6j.springai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.t6j.GenerationOptions;
import io.github.t6j.Model;
import io.github.t6j.chat.Answer;
import io.github.t6j.chat.AnswerListener;
import io.github.t6j.chat.Chat;
import io.github.t6j.chat.ChatOptions;
import io.github.t6j.chat.Message;
import io.github.t6j.sampling.SamplingOptions;
import io.github.t6j.schedule.GenerationHandle;
import io.github.t6j.schedule.Scheduler;
import io.github.t6j.schedule.SchedulerOptions;
import java.net.URI;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.springframework.ai.chat.client.AdvisorParams;
import org.springframework.ai.chat.client.ChatClient;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.SystemMessage;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.ai.chat.model.ChatResponse;
import org.springframework.ai.chat.model.MessageAggregator;
import org.springframework.ai.chat.prompt.Prompt;
import org.springframework.ai.content.Media;
import org.springframework.ai.model.tool.ToolCallingChatOptions;
import org.springframework.ai.support.ToolCallbacks;
import org.springframework.ai.tool.annotation.Tool;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.util.MimeTypeUtils;
import reactor.core.Disposable;

/** Spring AI's ChatModel gives the answers of a t6j chat model, also through a ChatClient with tools. */
@Timeout(120)
class T6jChatModelTest {
    private static final Path TINY = Path.of(System.getProperty("t6j.testdata"), "models/t6-tiny");
    private static final ChatOptions DEFAULTS = ChatOptions.of(GenerationOptions.defaults().withMaxTokens(20)
            .withSampling(SamplingOptions.defaults().withSeed(7)));
    private static final Prompt CONVERSATION = new Prompt(List.of(new SystemMessage("be brief"),
            new UserMessage("hello there"), new AssistantMessage("a whale"), new UserMessage("what is a whale?")));
    private static final List<Message> SAME = List.of(Message.system("be brief"), Message.user("hello there"),
            Message.assistant("a whale"), Message.user("what is a whale?"));

    private Model model;
    private Chat chat;

    @BeforeEach
    void load() {
        model = Model.load(TINY);
        chat = Chat.of(model);
    }

    @AfterEach
    void close() {
        model.close();
    }

    /** Returns options that make the model write {@code answers}. */
    private ChatOptions script(String... answers) {
        return ChatOptions.of(GenerationOptions.defaults().withMaxTokens(200)
                .withSampling(SamplingOptions.greedy().withStep(new Script(model, answers))));
    }

    @Test
    void answersAreTheChatModels() {
        Answer expected = chat.answer(SAME, DEFAULTS, AnswerListener.none());
        T6jChatModel answering = new T6jChatModel(chat, DEFAULTS);
        ChatResponse found = answering.call(CONVERSATION);
        assertThat(found.getResult().getOutput().getText()).isEqualTo(expected.content()).isNotEmpty();
        assertThat(found.getResult().getMetadata().getFinishReason()).isEqualTo("LENGTH");
        assertThat(found.getMetadata().getUsage().getPromptTokens()).isEqualTo(expected.generation().promptTokens());
        assertThat(found.getMetadata().getUsage().getCompletionTokens()).isEqualTo(20);

        List<ChatResponse> parts = answering.stream(CONVERSATION).collectList().block();
        StringBuilder text = new StringBuilder();
        parts.forEach(part -> text.append(part.getResult().getOutput().getText()));
        assertThat(text).hasToString(expected.content());
        assertThat(parts).hasSizeGreaterThan(10);
        assertThat(parts.getLast().getMetadata().getUsage().getCompletionTokens()).isEqualTo(20);
    }

    /** Prompts that the scheduler runs together get the answers that each gets alone, in fewer passes. */
    @Test
    void manyPromptsRunAtOnce() throws Exception {
        T6jChatModel answering = new T6jChatModel(chat, DEFAULTS);
        List<String> alone = new ArrayList<>();
        List<Future<String>> together = new ArrayList<>();
        try (Scheduler scheduler = new Scheduler(model)) {
            T6jChatModel batching = new T6jChatModel(chat.withScheduler(scheduler), DEFAULTS);
            try (ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
                for (int i = 0; i < 12; i++) {
                    String asked = "number " + i;
                    together.add(executor.submit(() -> batching.call(asked)));
                }
            }
            assertThat(scheduler.metrics().rows()).isGreaterThan(2 * scheduler.metrics().passes());
        }
        for (int i = 0; i < 12; i++) {
            alone.add(answering.call("number " + i));
            assertThat(together.get(i).get()).isEqualTo(alone.get(i));
        }
        assertThat(alone).doesNotHaveDuplicates();
    }

    @Test
    void aPromptHasSamplingAndStops() {
        SamplingOptions sampling = SamplingOptions.defaults().withTemperature(1.5f).withTopK(11).withTopP(0.75f)
                .withFrequencyPenalty(0.5f).withPresencePenalty(0.25f).withSeed(7);
        String text = chat.answer(SAME, ChatOptions.of(
                GenerationOptions.defaults().withMaxTokens(40).withSampling(sampling)), AnswerListener.none())
                .content();
        String stop = text.substring(text.length() / 2, text.length() / 2 + 2);
        Prompt prompt = new Prompt(CONVERSATION.getInstructions(),
                org.springframework.ai.chat.prompt.ChatOptions.builder()
                        .temperature(1.5).topK(11).topP(0.75).frequencyPenalty(0.5).presencePenalty(0.25).maxTokens(40)
                        .stopSequences(List.of(stop)).build());
        ChatResponse answer = new T6jChatModel(chat, DEFAULTS).call(prompt);
        assertThat(answer.getResult().getOutput().getText()).isEqualTo(text.substring(0, text.indexOf(stop)));
        assertThat(answer.getResult().getMetadata().getFinishReason()).isEqualTo("STOP");
    }

    /** A tool that Spring AI calls. */
    public static final class Weather {
        private final List<String> asked = new ArrayList<>();

        /** Returns the weather. */
        @Tool(description = "Weather of a city")
        public String weather(String city, int days) {
            asked.add(city + " " + days);
            return "sunny";
        }
    }

    @Test
    void aChatClientCallsTools() {
        Weather weather = new Weather();
        ChatOptions options = script("<think>hm</think>Let me see.\n<tool_call>\n{\"name\": \"weather\","
                + " \"arguments\": {\"city\": \"Bern\", \"days\": 2}}\n</tool_call>", "It is sunny in Bern.");
        String answer = ChatClient.create(new T6jChatModel(chat, options)).prompt("Weather in Bern?").tools(weather)
                .call().content();
        assertThat(answer).isEqualTo("It is sunny in Bern.");
        assertThat(weather.asked).containsExactly("Bern 2");
    }

    /** A tool whose arguments are bounded. */
    public static final class Sightings {
        /** Things to see. */
        public enum Kind {
            WHALE, SHIP
        }

        private final List<String> noted = new ArrayList<>();

        /** Notes what was seen. */
        @Tool(description = "Notes a sighting")
        public String note(Kind kind, boolean near) {
            noted.add(kind + " " + near);
            return "noted";
        }
    }

    /** The model, which has not learned to call tools, calls the required one; then it answers. */
    @Test
    void aRequiredToolIsCalled() {
        for (long seed = 0; seed < 5; seed++) {
            long used = seed;
            Sightings sightings = new Sightings();
            ChatOptions options = chat.options().withRequiredCall(true)
                    .withGeneration(generation -> generation.withMaxTokens(200)
                            .withSampling(generation.sampling().withSeed(used)));
            T6jChatModel answering = new T6jChatModel(chat, options);
            String answer = ChatClient.create(answering).prompt("a").tools(sightings).call().content();
            assertThat(sightings.noted).as("seed %d: %s", seed, answer).singleElement().asString()
                    .matches("(WHALE|SHIP) (true|false)");
            assertThat(answering.call("a")).as("without tools").isNotEmpty();
        }
    }

    /** Sort of thing in a record. */
    public enum Kind {
        WHALE, SHIP
    }

    /** Answer that a schema describes. */
    public record Seen(Kind kind, boolean far) {}

    /** A grammar makes any text of the model a record. */
    @Test
    void aChatClientReturnsRecords() {
        ChatOptions options = ChatOptions.of(
                GenerationOptions.defaults().withMaxTokens(300).withSampling(SamplingOptions.greedy()));
        Seen seen = ChatClient.create(new T6jChatModel(chat, options)).prompt("A far whale.")
                .advisors(AdvisorParams.ENABLE_NATIVE_STRUCTURED_OUTPUT).call().entity(Seen.class);
        assertThat(seen.kind()).isIn(Kind.WHALE, Kind.SHIP);
        T6jChatOptions asked = T6jChatOptions.builder().temperature(0.5).outputSchema("{}").build();
        assertThat(asked.mutate().build()).isEqualTo(asked).hasSameHashCodeAs(asked);
        assertThat(asked.mutate().topK(3).build().getOutputSchema()).isEqualTo("{}");
    }

    @Test
    void aStreamingChatClientCallsTools() {
        Weather weather = new Weather();
        ChatOptions options = script("{\"name\": \"weather\", \"arguments\": {\"city\": \"Bern\", \"days\": 2}}",
                "It is sunny.");
        List<String> parts = ChatClient.create(new T6jChatModel(chat, options)).prompt("Weather in Bern?")
                .tools(weather).stream().content().collectList().block();
        assertThat(String.join("", parts)).isEqualTo("It is sunny.");
        assertThat(weather.asked).containsExactly("Bern 2");
    }

    @Test
    void callsAndReasoningAreApart() {
        Prompt prompt = new Prompt("a", ToolCallingChatOptions.builder()
                .toolCallbacks(ToolCallbacks.from(new Weather())).build());
        AssistantMessage message = new T6jChatModel(chat, script("<think>so</think>Yes.<tool_call>{\"name\":"
                + " \"weather\", \"arguments\": {\"city\": \"Bern\"}}</tool_call>")).call(prompt).getResult()
                .getOutput();
        assertThat(message.getText()).isEqualTo("Yes.");
        assertThat(message.getMetadata()).containsEntry("reasoningContent", "so");
        assertThat(message.getToolCalls()).singleElement()
                .satisfies(call -> assertThat(call.arguments()).isEqualTo("{\"city\": \"Bern\"}"));
    }

    /** Spring AI joins the parts, by the keys of their metadata, into the message that goes back to the model. */
    @Test
    void theWholeReasoningOfAStreamGoesBack() {
        AtomicReference<ChatResponse> joined = new AtomicReference<>();
        new MessageAggregator().aggregate(
                new T6jChatModel(chat, script("<think>it is so</think>Yes.")).stream(asksForWeather()), joined::set)
                .blockLast();
        List<Message> back = Prompts.messages(new Prompt(joined.get().getResult().getOutput()));
        assertThat(back).singleElement().satisfies(message -> {
            assertThat(message.reasoning()).isEqualTo("it is so");
            assertThat(message.content()).isEqualTo("Yes.");
        });
    }

    private static Prompt asksForWeather() {
        return new Prompt("a",
                ToolCallingChatOptions.builder().toolCallbacks(ToolCallbacks.from(new Weather())).build());
    }

    private static String text(List<ChatResponse> parts) {
        return parts.stream().map(part -> part.getResult().getOutput().getText()).collect(Collectors.joining());
    }

    /** A call that the end of the answer cuts off is not executed, but shown. */
    @Test
    void aCallThatIsCutOffIsShown() {
        String notice = "Yes.\nThe call of the tool weather was cut off: {\"city\": \"Bern, and many more";
        String call =
                "Yes.<tool_call>{\"name\": \"weather\", \"arguments\": {\"city\": \"Bern, and many more cities\"}}";
        int max = model.tokenizer().encode(call.substring(0, call.indexOf(" cities"))).length;
        ChatOptions options = script(call, call).withGeneration(generation -> generation.withMaxTokens(max));
        T6jChatModel answering = new T6jChatModel(chat, options);
        AssistantMessage message = answering.call(asksForWeather()).getResult().getOutput();
        assertThat(message.getText()).isEqualTo(notice);
        assertThat(message.hasToolCalls()).isFalse();
        assertThat(text(answering.stream(asksForWeather()).collectList().block())).isEqualTo(notice);
    }

    /** Spring AI reports malformed arguments. */
    @Test
    void malformedArgumentsAreReported() {
        Weather weather = new Weather();
        String call = "<tool_call>{\"name\": \"weather\", \"arguments\": {\"city\": Bern}}</tool_call>";
        T6jChatModel answering = new T6jChatModel(chat, script(call, call));
        assertThat(answering.call(asksForWeather()).getResult().getOutput().getToolCalls()).singleElement()
                .satisfies(generation -> assertThat(generation.arguments()).isEqualTo("{\"city\": Bern}"));
        assertThatThrownBy(
                () -> ChatClient.create(answering).prompt("Weather in Bern?").tools(weather).call().content())
                .isInstanceOf(RuntimeException.class);
        assertThat(weather.asked).isEmpty();
    }

    /** Prompts without tools have the default tools. */
    @Test
    void defaultToolsAreUsed() {
        ChatOptions options = script("{\"name\": \"clock\", \"arguments\": {}}", "{\"name\": \"clock\"}")
                .withTools(new io.github.t6j.chat.Tool("clock", "", Map.of()));
        T6jChatModel answering = new T6jChatModel(chat, options);
        assertThat(answering.call(new Prompt("a")).getResult().getOutput().getToolCalls()).singleElement()
                .satisfies(call -> assertThat(call.name()).isEqualTo("clock"));
        assertThat(answering.call(asksForWeather()).getResult().getOutput().hasToolCalls()).isFalse();
    }

    private static boolean await(CountDownLatch go) {
        try {
            return go.await(60, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            return false;
        }
    }

    private static void await(BooleanSupplier condition) throws InterruptedException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (!condition.getAsBoolean()) {
            assertThat(System.nanoTime()).isLessThan(end);
            Thread.sleep(5);
        }
    }

    /** A subscriber that leaves while its answer waits behind another gives its place in the queue back. */
    @Test
    void aCancelledStreamLeavesTheQueue() throws Exception {
        CountDownLatch subscribed = new CountDownLatch(1);
        CountDownLatch left = new CountDownLatch(1);
        AtomicInteger tokens = new AtomicInteger();
        try (Scheduler scheduler =
                new Scheduler(model, SchedulerOptions.defaults().withMaxRunning(1).withMaxQueued(1))) {
            GenerationHandle first = scheduler.submit("The", GenerationOptions.defaults().withMaxTokens(50)
                    .withIgnoreEndOfText(true), token -> switch (tokens.incrementAndGet()) {
                        case 1 -> await(subscribed);
                        case 10 -> await(left);
                        default -> true;
                    });
            Disposable stream =
                    new T6jChatModel(chat.withScheduler(scheduler), DEFAULTS).stream(CONVERSATION).subscribe();
            subscribed.countDown();
            await(() -> scheduler.metrics().waiting() == 1);
            stream.dispose();
            left.countDown();
            await(() -> scheduler.metrics().waiting() == 0);
            assertThat(first.result().join().tokens()).hasSize(50);
            await(() -> scheduler.metrics().running() == 0);
            assertThat(scheduler.metrics().ended()).isEqualTo(1);
        }
    }

    /** A subscriber that leaves ends its answer, also while the model writes blanks, which are no part of it. */
    @Test
    void aCancelledStreamFreesItsPlace() throws Exception {
        CountDownLatch left = new CountDownLatch(1);
        Script blanks = new Script(model, "Yes." + " \n".repeat(200));
        ChatOptions options =
                script().withGeneration(generation -> generation.withSampling(SamplingOptions.greedy().withStep(
                        (logits, generated) -> {
                            blanks.apply(logits, generated);
                            if (generated.length >= 50) {
                                await(left);
                            }
                        })));
        try (Scheduler scheduler = new Scheduler(model)) {
            ChatResponse first = new T6jChatModel(chat.withScheduler(scheduler), options).stream(asksForWeather())
                    .blockFirst();
            assertThat(first.getResult().getOutput().getText()).startsWith("Y");
            left.countDown();
            await(() -> scheduler.metrics().running() == 0);
            assertThat(scheduler.metrics().generatedIds()).isBetween(1L, 60L);
        }
    }

    @Test
    void imagesAreRefused() {
        Prompt image = new Prompt(UserMessage.builder().text("see")
                .media(new Media(MimeTypeUtils.IMAGE_PNG, URI.create("file:a.png"))).build());
        assertThatThrownBy(() -> new T6jChatModel(chat, DEFAULTS).call(image))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("expected texts, found other content");
        assertThatThrownBy(() -> new T6jChatModel(chat, DEFAULTS).stream(image).collectList().block())
                .hasMessageContaining("expected texts, found other content");
    }

    @Test
    void aCancelledStreamEnds() {
        String whole = chat.answer(SAME, DEFAULTS, AnswerListener.none()).content();
        List<ChatResponse> parts =
                new T6jChatModel(chat, DEFAULTS).stream(CONVERSATION).take(2).collectList().block();
        assertThat(parts).hasSize(2);
        assertThat(whole).startsWith(parts.getFirst().getResult().getOutput().getText());
    }

    private static ApplicationContextRunner boot() {
        return new ApplicationContextRunner()
                .withConfiguration(AutoConfigurations.of(
                        T6jAutoConfiguration.class, T6jModelAutoConfiguration.class));
    }

    @Test
    void bootLoadsTheModelOfItsProperties() {
        String expected = chat.answer(List.of(Message.user("The whale")), DEFAULTS, AnswerListener.none()).content();
        Model[] loaded = new Model[1];
        boot().withPropertyValues("spring.ai.t6j.model=" + TINY, "spring.ai.t6j.seed=7", "spring.ai.t6j.max-tokens=20",
                "spring.ai.t6j.threads=1").run(context -> {
                    loaded[0] = context.getBean(Model.class);
                    assertThat(context.getBean(org.springframework.ai.chat.model.ChatModel.class).call("The whale"))
                            .isEqualTo(expected);
                });
        boot().withPropertyValues("spring.ai.t6j.model=" + TINY, "spring.ai.t6j.weight-type=q8_0")
                .run(context -> assertThat(context.getBean(Model.class).weightType()).isEqualTo("q8_0"));
        assertThatThrownBy(() -> loaded[0].info()).as("closed with the context")
                .isInstanceOf(IllegalStateException.class);
    }

    @Test
    void bootMakesNothingIfNotAsked() {
        boot().run(context -> assertThat(context).doesNotHaveBean(T6jChatModel.class).doesNotHaveBean(Model.class));
        boot().withPropertyValues("spring.ai.t6j.model=" + TINY, "spring.ai.model.chat=other")
                .run(context -> assertThat(context).doesNotHaveBean(T6jChatModel.class));
        T6jChatModel bean = new T6jChatModel(chat, DEFAULTS);
        boot().withPropertyValues("spring.ai.t6j.model=" + TINY).withBean(T6jChatModel.class, () -> bean)
                .run(context -> assertThat(context.getBean(T6jChatModel.class)).isSameAs(bean));
    }
}
