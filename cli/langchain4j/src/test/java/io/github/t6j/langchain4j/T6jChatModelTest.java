package io.github.t6j.langchain4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.langchain4j.agent.tool.P;
import dev.langchain4j.agent.tool.Tool;
import dev.langchain4j.agent.tool.ToolSpecification;
import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.data.message.ChatMessage;
import dev.langchain4j.data.message.ImageContent;
import dev.langchain4j.data.message.SystemMessage;
import dev.langchain4j.data.message.TextContent;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.exception.UnsupportedFeatureException;
import dev.langchain4j.memory.chat.MessageWindowChatMemory;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.request.ResponseFormat;
import dev.langchain4j.model.chat.request.ToolChoice;
import dev.langchain4j.model.chat.request.json.JsonObjectSchema;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.CompleteToolCall;
import dev.langchain4j.model.chat.response.PartialResponse;
import dev.langchain4j.model.chat.response.PartialResponseContext;
import dev.langchain4j.model.chat.response.PartialThinking;
import dev.langchain4j.model.chat.response.PartialToolCall;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import dev.langchain4j.model.output.FinishReason;
import dev.langchain4j.service.AiServices;
import dev.langchain4j.service.TokenStream;
import dev.langchain4j.service.tool.ToolErrorHandlerResult;
import io.github.t6j.GenerationOptions;
import io.github.t6j.Model;
import io.github.t6j.chat.Answer;
import io.github.t6j.chat.AnswerListener;
import io.github.t6j.chat.Chat;
import io.github.t6j.chat.ChatOptions;
import io.github.t6j.chat.Message;
import io.github.t6j.chat.template.ChatTemplate;
import io.github.t6j.sampling.SamplingOptions;
import io.github.t6j.schedule.Scheduler;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** LangChain4j's two interfaces give the answers of a t6j chat model, also through AiServices with tools. */
@Timeout(120)
class T6jChatModelTest {
    private static final String CHATML = "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n"
            + "{% endfor %}<|im_start|>assistant\n";
    private static final ChatOptions DEFAULTS = ChatOptions.of(GenerationOptions.defaults().withMaxTokens(20)
            .withSampling(SamplingOptions.defaults().withSeed(7)));
    private static final List<ChatMessage> CONVERSATION = List.of(
            SystemMessage.from("be brief"), UserMessage.from("hello there"), AiMessage.from("a whale"),
            UserMessage.from("what is a whale?"));
    private static final List<Message> SAME = List.of(Message.system("be brief"), Message.user("hello there"),
            Message.assistant("a whale"), Message.user("what is a whale?"));

    private Model model;
    private Chat chat;

    @BeforeEach
    void load() {
        model = Model.load(Path.of(System.getProperty("t6j.testdata"), "models/t6-tiny"));
        chat = Chat.of(model, Optional.of(ChatTemplate.parse("chatml", CHATML, Map.of())));
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

    /** Receives a streamed answer. */
    private static class Received implements StreamingChatResponseHandler {
        final StringBuffer text = new StringBuffer();
        final StringBuffer thoughts = new StringBuffer();
        final StringBuffer arguments = new StringBuffer();
        final List<String> completeCalls = new ArrayList<>();
        final CompletableFuture<ChatResponse> whole = new CompletableFuture<>();

        @Override
        public void onPartialResponse(String part) {
            text.append(part);
        }

        @Override
        public void onPartialThinking(PartialThinking part) {
            thoughts.append(part.text());
        }

        @Override
        public void onPartialToolCall(PartialToolCall part) {
            arguments.append(part.partialArguments());
        }

        @Override
        public void onCompleteToolCall(CompleteToolCall call) {
            completeCalls.add(call.toolExecutionRequest().arguments());
        }

        @Override
        public void onCompleteResponse(ChatResponse answer) {
            whole.complete(answer);
        }

        @Override
        public void onError(Throwable error) {
            whole.completeExceptionally(error);
        }
    }

    private static void check(ChatResponse found, Answer expected, FinishReason reason) {
        assertThat(found.aiMessage().text()).isEqualTo(expected.content()).isNotEmpty();
        assertThat(found.aiMessage().thinking()).isNull();
        assertThat(found.finishReason()).isEqualTo(reason);
        assertThat(found.tokenUsage().inputTokenCount()).isEqualTo(expected.generation().promptTokens());
        assertThat(found.tokenUsage().outputTokenCount()).isEqualTo(expected.generation().tokens().size());
    }

    @Test
    void answersAreTheChatModels() {
        Answer expected = chat.answer(SAME, DEFAULTS, AnswerListener.none());
        check(new T6jChatModel(chat, DEFAULTS).chat(CONVERSATION), expected, FinishReason.LENGTH);

        Received received = new Received();
        new T6jStreamingChatModel(chat, DEFAULTS).chat(CONVERSATION, received);
        check(received.whole.join(), expected, FinishReason.LENGTH);
        assertThat(received.text).hasToString(expected.content());
    }

    /** Requests that the scheduler runs together get the answers that each gets alone, in fewer passes. */
    @Test
    void manyRequestsRunAtOnce() throws Exception {
        T6jChatModel answering = new T6jChatModel(chat, DEFAULTS);
        List<String> alone = new ArrayList<>();
        List<Future<String>> together = new ArrayList<>();
        try (Scheduler scheduler = new Scheduler(model)) {
            T6jChatModel batching = new T6jChatModel(chat.withScheduler(scheduler), DEFAULTS);
            try (ExecutorService executor = Executors.newVirtualThreadPerTaskExecutor()) {
                for (int i = 0; i < 12; i++) {
                    String asked = "number " + i;
                    together.add(executor.submit(() -> batching.chat(asked)));
                }
            }
            assertThat(scheduler.metrics().rows()).isGreaterThan(2 * scheduler.metrics().passes());
        }
        for (int i = 0; i < 12; i++) {
            alone.add(answering.chat("number " + i));
            assertThat(together.get(i).get()).isEqualTo(alone.get(i));
        }
        assertThat(alone).doesNotHaveDuplicates();
    }

    @Test
    void aRequestHasSamplingAndStops() {
        SamplingOptions sampling = SamplingOptions.defaults().withTemperature(1.5f).withTopK(11).withTopP(0.75f)
                .withFrequencyPenalty(0.5f).withPresencePenalty(0.25f).withSeed(7);
        ChatOptions options = ChatOptions.of(
                GenerationOptions.defaults().withMaxTokens(40).withSampling(sampling));
        String text = chat.answer(SAME, options, AnswerListener.none()).content();
        String stop = text.substring(text.length() / 2, text.length() / 2 + 2);
        ChatRequest request = ChatRequest.builder().messages(CONVERSATION).temperature(1.5).topK(11).topP(0.75)
                .frequencyPenalty(0.5).presencePenalty(0.25).maxOutputTokens(40).stopSequences(List.of(stop)).build();
        ChatResponse answer = new T6jChatModel(chat, DEFAULTS).chat(request);
        assertThat(answer.aiMessage().text()).isEqualTo(text.substring(0, text.indexOf(stop)));
        assertThat(answer.finishReason()).isEqualTo(FinishReason.STOP);
    }

    /** A tool that LangChain4j calls. */
    public static final class Weather {
        private final List<String> asked = new ArrayList<>();

        @Tool("Weather of a city")
        String weather(@P("name of the city") String city, int days) {
            asked.add(city + " " + days);
            return "sunny";
        }
    }

    /** An assistant that LangChain4j implements. */
    interface Assistant {
        String ask(String question);
    }

    /** A streaming assistant that LangChain4j implements. */
    interface StreamingAssistant {
        TokenStream ask(String question);
    }

    @Test
    void aiServicesCallTools() {
        Weather weather = new Weather();
        ChatOptions options = script("<think>hm</think>Let me see.\n<tool_call>\n{\"name\": \"weather\","
                + " \"arguments\": {\"city\": \"Bern\", \"days\": 2}}\n</tool_call>", "It is sunny in Bern.");
        Assistant assistant = AiServices.builder(Assistant.class).chatModel(new T6jChatModel(chat, options))
                .chatMemory(MessageWindowChatMemory.withMaxMessages(10)).tools(weather).build();
        assertThat(assistant.ask("Weather in Bern?")).isEqualTo("It is sunny in Bern.");
        assertThat(weather.asked).containsExactly("Bern 2");
    }

    /** Sort of thing in a record. */
    public enum Kind {
        WHALE, SHIP
    }

    /** Answer that a schema describes. */
    public record Seen(@JsonProperty(required = true) Kind kind, boolean far) {}

    /** Service whose answers are values. */
    public interface Extractor {
        /** Returns a record. */
        Seen see(String text);

        /** Returns a truth value. */
        boolean isWhale(String text);
    }

    /** A grammar makes any text of the model a value. */
    @Test
    void aiServicesReturnRecordsAndTruthValues() {
        ChatOptions options = ChatOptions.of(GenerationOptions.defaults().withMaxTokens(300)
                .withSampling(SamplingOptions.greedy()));
        Extractor extractor = AiServices.builder(Extractor.class).chatModel(new T6jChatModel(chat, options)).build();
        assertThat(extractor.see("A far whale.").kind()).isIn(Kind.WHALE, Kind.SHIP);
        assertThat(extractor.isWhale("A whale.")).isIn(true, false);
        ChatRequest json = ChatRequest.builder().messages(UserMessage.from("a")).responseFormat(ResponseFormat.JSON)
                .build();
        assertThat(new T6jChatModel(chat, script("{\"a\": 1}")).chat(json).aiMessage().text())
                .isEqualTo("{\"a\": 1}");
    }

    @Test
    void streamedAiServicesCallTools() {
        Weather weather = new Weather();
        ChatOptions options = script("{\"name\": \"weather\", \"arguments\": {\"city\": \"Bern\", \"days\": 2}}",
                "It is sunny.");
        StreamingAssistant assistant = AiServices.builder(StreamingAssistant.class)
                .streamingChatModel(new T6jStreamingChatModel(chat, options)).tools(weather).build();
        CompletableFuture<ChatResponse> whole = new CompletableFuture<>();
        StringBuffer text = new StringBuffer();
        assistant.ask("Weather in Bern?").onPartialResponse(text::append).onCompleteResponse(whole::complete)
                .onError(whole::completeExceptionally).start();
        assertThat(whole.join().aiMessage().text()).isEqualTo("It is sunny.");
        assertThat(text).hasToString("It is sunny.");
        assertThat(weather.asked).containsExactly("Bern 2");
    }

    @Test
    void callsAndThinkingArriveInParts() {
        Received received = new Received();
        ChatRequest request = ChatRequest.builder().messages(UserMessage.from("a"))
                .toolSpecifications(dev.langchain4j.agent.tool.ToolSpecifications.toolSpecificationsFrom(new Weather()))
                .build();
        new T6jStreamingChatModel(chat, script("<think>so\nso</think>Yes.<tool_call>{\"name\": \"weather\","
                + " \"arguments\": {\"city\": \"Bern\"}}</tool_call>")).chat(request, received);
        ChatResponse answer = received.whole.join();
        assertThat(answer.finishReason()).isEqualTo(FinishReason.TOOL_EXECUTION);
        assertThat(answer.aiMessage().thinking()).isEqualTo("so\nso").isEqualTo(received.thoughts.toString());
        assertThat(answer.aiMessage().text()).isEqualTo("Yes.").isEqualTo(received.text.toString());
        assertThat(answer.aiMessage().toolExecutionRequests()).singleElement()
                .satisfies(call -> assertThat(call.arguments()).isEqualTo("{\"city\": \"Bern\"}")
                        .isEqualTo(received.arguments.toString()));
    }

    private static ChatRequest.Builder asksForWeather() {
        return ChatRequest.builder().messages(UserMessage.from("a")).toolSpecifications(
                dev.langchain4j.agent.tool.ToolSpecifications.toolSpecificationsFrom(new Weather()));
    }

    /** One model may serve requests with tools and others without. */
    @Test
    void aDefaultOfRequiredCallsNeedsTools() {
        T6jChatModel answering = new T6jChatModel(chat, DEFAULTS.withRequiredCall(true));
        assertThat(answering.chat(ChatRequest.builder().messages(CONVERSATION).build()).aiMessage().text())
                .isEqualTo(chat.answer(SAME, DEFAULTS, AnswerListener.none()).content());
    }

    /** The model, which has not learned to call tools, calls the required one with arguments of its schema. */
    @Test
    void aRequiredToolIsCalled() {
        ChatRequest request = ChatRequest.builder().messages(CONVERSATION).toolChoice(ToolChoice.REQUIRED)
                .toolSpecifications(ToolSpecification.builder().name("count").parameters(JsonObjectSchema.builder()
                        .addEnumProperty("kind", List.of("whale", "ship")).addBooleanProperty("near")
                        .required("kind", "near").build()).build())
                .build();
        for (long seed = 0; seed < 6; seed++) {
            ChatOptions options = ChatOptions.of(GenerationOptions.defaults().withMaxTokens(200).withStop("n")
                    .withSampling(SamplingOptions.defaults().withSeed(seed)));
            ChatResponse whole = new T6jChatModel(chat, options).chat(request);
            Received received = new Received();
            new T6jStreamingChatModel(chat, options).chat(request, received);
            for (ChatResponse answer : List.of(whole, received.whole.join())) {
                assertThat(answer.finishReason()).isEqualTo(FinishReason.TOOL_EXECUTION);
                String arguments = answer.aiMessage().toolExecutionRequests().getFirst().arguments();
                assertThat(answer.aiMessage().toolExecutionRequests()).singleElement()
                        .satisfies(call -> assertThat(call.name()).isEqualTo("count"));
                assertThat(arguments.replaceAll("\\s", "")).as("seed %d", seed)
                        .matches("\\{\"kind\":\"(whale|ship)\",\"near\":(true|false)}");
            }
        }
    }

    /** A call that the limit of tokens cuts off is shown, not executed; so is one that ends before its arguments. */
    @ParameterizedTest
    @CsvSource(delimiter = '|',
            value = {"200 | {\"name\": \"weather\"", "200 | <tool_call>{\"name\": \"weather\", \"arg",
                "20 | {\"name\": \"weather\", \"arguments\": {\"city\": \"Bern, and many more cities\"}}"})
    void aCallThatIsCutOffIsShown(int max, String answer) {
        Answer cut = chat.answer(List.of(Message.user("a")),
                script(answer).withGeneration(generation -> generation.withMaxTokens(max))
                        .withTools(new io.github.t6j.chat.Tool("weather", "", Map.of())),
                AnswerListener.none());
        assertThat(cut.cutOffCall()).isPresent();
        assertThat(cut.calls()).isEmpty();
        String notice = "The call of the tool weather was cut off: " + cut.message().toolCalls().getLast().arguments();

        ChatRequest request = asksForWeather().maxOutputTokens(max).build();
        ChatResponse found = new T6jChatModel(chat, script(answer)).chat(request);
        assertThat(found.aiMessage().text()).isEqualTo(notice);
        assertThat(found.aiMessage().hasToolExecutionRequests()).isFalse();
        assertThat(found.finishReason()).isEqualTo(max == 200 ? FinishReason.STOP : FinishReason.LENGTH);
        Received received = new Received();
        new T6jStreamingChatModel(chat, script(answer)).chat(request, received);
        assertThat(received.whole.join().aiMessage().text()).isEqualTo(notice).isEqualTo(received.text.toString());
        assertThat(received.completeCalls).isEmpty();
    }

    /** LangChain4j reports malformed arguments: to its handler, or as an exception. */
    @Test
    void malformedArgumentsAreReported() {
        String call = "<tool_call>{\"name\": \"weather\", \"arguments\": {\"city\": Bern}}</tool_call>";
        Received received = new Received();
        new T6jStreamingChatModel(chat, script(call)).chat(asksForWeather().build(), received);
        assertThat(received.whole.join().aiMessage().toolExecutionRequests()).singleElement()
                .satisfies(generation -> assertThat(generation.arguments()).isEqualTo("{\"city\": Bern}"));
        assertThat(received.completeCalls).containsExactly("{\"city\": Bern}");

        Received both = new Received();
        new T6jStreamingChatModel(chat, script(call + call.replace("Bern", "\"Basel\"")))
                .chat(asksForWeather().build(), both);
        assertThat(both.whole.join().aiMessage().toolExecutionRequests()).hasSize(2);
        assertThat(both.completeCalls).containsExactly("{\"city\": Bern}", "{\"city\": \"Basel\"}");

        Weather weather = new Weather();
        Assistant plain = AiServices.builder(Assistant.class)
                .chatModel(new T6jChatModel(chat, script(call))).tools(weather).build();
        assertThatThrownBy(() -> plain.ask("Weather in Bern?")).isInstanceOf(RuntimeException.class);
        Assistant handling = AiServices.builder(Assistant.class)
                .chatModel(new T6jChatModel(chat, script(call, "I was wrong."))).tools(weather)
                .toolArgumentsErrorHandler((error, context) -> ToolErrorHandlerResult.text("wrong arguments")).build();
        assertThat(handling.ask("Weather in Bern?")).isEqualTo("I was wrong.");
        assertThat(weather.asked).isEmpty();
    }

    /** Requests without tools have the default tools. */
    @Test
    void defaultToolsAreUsed() {
        ChatOptions options = script("{\"name\": \"clock\", \"arguments\": {}}", "{\"name\": \"clock\"}",
                "{\"name\": \"clock\"}").withTools(new io.github.t6j.chat.Tool("clock", "", Map.of()));
        T6jChatModel answering = new T6jChatModel(chat, options);
        assertThat(answering.chat(UserMessage.from("a")).aiMessage().toolExecutionRequests()).singleElement()
                .satisfies(call -> assertThat(call.name()).isEqualTo("clock"));
        assertThat(answering.chat(asksForWeather().build()).aiMessage().hasToolExecutionRequests()).isFalse();
        ChatRequest none = ChatRequest.builder().messages(UserMessage.from("a")).toolChoice(ToolChoice.NONE).build();
        assertThat(answering.chat(none).aiMessage().text()).isEqualTo("{\"name\": \"clock\"}");
    }

    /** A cancelled answer ends and gives back its place, also while the model writes blanks that are no part of it. */
    @Test
    void aCancelledAnswerFreesItsPlace() throws Exception {
        CountDownLatch cancelled = new CountDownLatch(1);
        Script blanks = new Script(model, "Yes." + " \n".repeat(200));
        ChatOptions options =
                script().withGeneration(generation -> generation.withSampling(SamplingOptions.greedy().withStep(
                        (logits, generated) -> {
                            blanks.apply(logits, generated);
                            if (generated.length >= 50) {
                                await(cancelled);
                            }
                        })));
        try (Scheduler scheduler = new Scheduler(model)) {
            new T6jStreamingChatModel(chat.withScheduler(scheduler), options).chat(asksForWeather().build(),
                    new Received() {
                        @Override
                        public void onPartialResponse(PartialResponse part, PartialResponseContext context) {
                            context.streamingHandle().cancel();
                            cancelled.countDown();
                        }
                    });
            await(cancelled);
            assertEmpty(scheduler);
            assertThat(scheduler.metrics().generatedIds()).isBetween(1L, 60L);
        }
    }

    private static boolean await(CountDownLatch go) {
        try {
            return go.await(60, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            return false;
        }
    }

    private static void assertEmpty(Scheduler scheduler) throws InterruptedException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (scheduler.metrics().running() + scheduler.metrics().waiting() > 0) {
            assertThat(System.nanoTime()).isLessThan(end);
            Thread.sleep(5);
        }
    }

    @Test
    void unsupportedRequestsAreRefused() {
        T6jChatModel answering = new T6jChatModel(chat, DEFAULTS);
        ChatRequest required =
                ChatRequest.builder().messages(CONVERSATION).toolChoice(ToolChoice.REQUIRED).build();
        assertThatThrownBy(() -> answering.chat(required)).hasMessageContaining("found no tools");
        UserMessage image = UserMessage.from(TextContent.from("see"), ImageContent.from("AA==", "image/png"));
        assertThatThrownBy(() -> answering.chat(image)).isInstanceOf(UnsupportedFeatureException.class)
                .hasMessage("messages: expected texts, found other content: USER");
        Received received = new Received();
        new T6jStreamingChatModel(chat, DEFAULTS).chat(List.of(image), received);
        assertThatThrownBy(received.whole::join).hasCauseInstanceOf(UnsupportedFeatureException.class);
    }

    @Test
    void aCancelledAnswerEnds() throws Exception {
        CountDownLatch cancelled = new CountDownLatch(1);
        Received received = new Received() {
            @Override
            public void onPartialResponse(PartialResponse part, PartialResponseContext context) {
                super.onPartialResponse(part.text());
                context.streamingHandle().cancel();
                cancelled.countDown();
            }
        };
        new T6jStreamingChatModel(chat, DEFAULTS).chat(CONVERSATION, received);
        assertThat(cancelled.await(60, TimeUnit.SECONDS)).isTrue();
        assertThatThrownBy(() -> received.whole.get(200, TimeUnit.MILLISECONDS)).isInstanceOf(TimeoutException.class);
        String whole = chat.answer(SAME, DEFAULTS, AnswerListener.none()).content();
        assertThat(whole).startsWith(received.text).hasSizeGreaterThan(received.text.length());
    }
}
