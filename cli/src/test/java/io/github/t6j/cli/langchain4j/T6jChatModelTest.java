package io.github.t6j.cli.langchain4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.data.message.ChatMessage;
import dev.langchain4j.data.message.SystemMessage;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.exception.UnsupportedFeatureException;
import dev.langchain4j.model.chat.request.ChatRequest;
import dev.langchain4j.model.chat.response.ChatResponse;
import dev.langchain4j.model.chat.response.PartialResponse;
import dev.langchain4j.model.chat.response.PartialResponseContext;
import dev.langchain4j.model.chat.response.StreamingChatResponseHandler;
import dev.langchain4j.model.output.FinishReason;
import io.github.t6j.GenerationOptions;
import io.github.t6j.Model;
import io.github.t6j.Session;
import io.github.t6j.chat.Answer;
import io.github.t6j.chat.Chat;
import io.github.t6j.chat.Message;
import io.github.t6j.chat.PromptFormat;
import io.github.t6j.chat.models.ChatModels;
import io.github.t6j.sampling.SamplingOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** LangChain4j's two interfaces give the answers of a {@link Chat}. */
@Timeout(120)
class T6jChatModelTest {
    private static final GenerationOptions DEFAULTS = GenerationOptions.defaults().withMaxTokens(20)
            .withSampling(SamplingOptions.defaults().withSeed(7));
    private static final List<ChatMessage> CONVERSATION = List.of(
            SystemMessage.from("be brief"), UserMessage.from("hello there"), AiMessage.from("a whale"),
            UserMessage.from("what is a whale?"));

    @TempDir
    private Path folder;
    private Model model;
    private PromptFormat format;

    @BeforeEach
    void load() throws IOException {
        model = ChatModels.golden("golden/T6_even", ChatModels.tokenizer(folder));
        format = new PromptFormat(model.tokenizer(), ChatModels.template(ChatModels.CHATML));
    }

    @AfterEach
    void close() {
        model.close();
    }

    /** Returns the answer to {@link #CONVERSATION}. */
    private Answer expected(GenerationOptions options) {
        try (Session session = model.newSession()) {
            Chat chat = new Chat(model, session, format);
            chat.replace(List.of(
                    Message.system("be brief"),
                    Message.user("hello there"),
                    Message.assistant("a whale")));
            return chat.say("what is a whale?", options, true, (text, thinking) -> {
            });
        }
    }

    /** Receives a streamed answer. */
    private static class Hearing implements StreamingChatResponseHandler {
        final StringBuffer heard = new StringBuffer();
        final CompletableFuture<ChatResponse> whole = new CompletableFuture<>();

        @Override
        public void onPartialResponse(String part) {
            heard.append(part);
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
    void aWholeAnswerIsTheChats() {
        Answer expected = expected(DEFAULTS);
        try (T6jChatModel chat = new T6jChatModel(model, format, DEFAULTS)) {
            for (int i = 0; i < 2; i++) { // the state of the session changes nothing
                check(chat.chat(CONVERSATION), expected, FinishReason.LENGTH);
                chat.chat("something else");
            }
        }
    }

    @Test
    void aStreamedAnswerIsTheChats() {
        Answer expected = expected(DEFAULTS);
        try (T6jStreamingChatModel chat = new T6jStreamingChatModel(model, format, DEFAULTS)) {
            Hearing hearing = new Hearing();
            chat.chat(CONVERSATION, hearing);
            check(hearing.whole.join(), expected, FinishReason.LENGTH);
            assertThat(hearing.heard).hasToString(expected.content());
        }
    }

    @Test
    void aRequestSaysHowToSampleAndWhereToStop() {
        SamplingOptions sampling = SamplingOptions.defaults().withTemperature(1.5f).withTopK(11).withTopP(0.75f)
                .withFrequencyPenalty(0.5f).withPresencePenalty(0.25f).withSeed(7);
        GenerationOptions options = DEFAULTS.withSampling(sampling).withMaxTokens(40);
        String text = expected(options).content();
        String stop = text.substring(text.length() / 2, text.length() / 2 + 2);
        ChatRequest request = ChatRequest.builder().messages(CONVERSATION).temperature(1.5).topK(11).topP(0.75)
                .frequencyPenalty(0.5).presencePenalty(0.25).maxOutputTokens(40).stopSequences(List.of(stop)).build();
        try (T6jChatModel chat = new T6jChatModel(model, format, DEFAULTS)) {
            ChatResponse answer = chat.chat(request);
            assertThat(answer.aiMessage().text()).isEqualTo(text.substring(0, text.indexOf(stop)));
            assertThat(answer.finishReason()).isEqualTo(FinishReason.STOP);
        }
    }

    @Test
    void aModelWithoutATemplateAnswersToo() {
        try (Model tiny = ChatModels.tiny();
                T6jChatModel chat = new T6jChatModel(
                        tiny, new PromptFormat(tiny.tokenizer(), Optional.empty()), DEFAULTS);
                Session session = tiny.newSession()) {
            assertThat(chat.chat("The whale")).isEqualTo(session.generate("The whale\n\n", DEFAULTS).text());
        }
    }

    @Test
    void whatIsNotTextIsRefused() throws InterruptedException {
        List<ChatMessage> answered = new ArrayList<>(CONVERSATION);
        answered.add(AiMessage.from("a fish"));
        try (T6jChatModel chat = new T6jChatModel(model, format, DEFAULTS);
                T6jStreamingChatModel streaming = new T6jStreamingChatModel(model, format, DEFAULTS)) {
            assertThatThrownBy(() -> chat.chat(answered)).isInstanceOf(UnsupportedFeatureException.class)
                    .hasMessageContaining("expected a user's as the last");
            Hearing hearing = new Hearing();
            streaming.chat(answered, hearing);
            assertThatThrownBy(hearing.whole::get).isInstanceOf(ExecutionException.class)
                    .hasCauseInstanceOf(UnsupportedFeatureException.class);
        }
    }

    @Test
    void aCancelledAnswerEnds() throws Exception {
        CountDownLatch cancelled = new CountDownLatch(1);
        Hearing hearing = new Hearing() {
            @Override
            public void onPartialResponse(PartialResponse part, PartialResponseContext context) {
                super.onPartialResponse(part.text());
                context.streamingHandle().cancel();
                cancelled.countDown();
            }
        };
        try (T6jStreamingChatModel chat = new T6jStreamingChatModel(model, format, DEFAULTS)) {
            chat.chat(CONVERSATION, hearing);
            assertThat(cancelled.await(60, TimeUnit.SECONDS)).isTrue();
            Hearing next = new Hearing(); // begins after the other has ended
            chat.chat(CONVERSATION, next);
            assertThat(next.whole.join().aiMessage().text()).startsWith(hearing.heard);
            assertThat(hearing.heard.length()).isBetween(1, 4);
            assertThatThrownBy(() -> hearing.whole.get(1, TimeUnit.MILLISECONDS)).isInstanceOf(TimeoutException.class);
        }
    }
}
