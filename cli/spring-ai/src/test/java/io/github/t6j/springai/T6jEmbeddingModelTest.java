package io.github.t6j.springai;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.t6j.Embedder;
import io.github.t6j.Model;
import io.github.t6j.Pooling;
import io.github.t6j.Prompt;
import io.github.t6j.schedule.RefusedException;
import io.github.t6j.schedule.Scheduler;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.springframework.ai.document.Document;
import org.springframework.ai.embedding.EmbeddingModel;
import org.springframework.ai.embedding.EmbeddingOptions;
import org.springframework.ai.embedding.EmbeddingRequest;
import org.springframework.ai.embedding.EmbeddingResponse;
import org.springframework.ai.vectorstore.SearchRequest;
import org.springframework.ai.vectorstore.SimpleVectorStore;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

/** Spring AI's EmbeddingModel gives the embeddings of a t6j model, also to its vector store and in Spring Boot. */
@Timeout(120)
class T6jEmbeddingModelTest {
    private static final Path TINY = Path.of(System.getProperty("t6j.testdata"), "models/t6-tiny");
    private static final List<String> TEXTS =
            List.of("The whale swims in the sea.", "Call me Ishmael.", "The ship sails to the south.", "It was night.");

    private Model model;

    @BeforeEach
    void load() {
        model = Model.load(TINY);
    }

    @AfterEach
    void close() {
        model.close();
    }

    @Test
    void embeddingsAreTheModels() {
        Embedder embedder = new Embedder(model);
        T6jEmbeddingModel found = new T6jEmbeddingModel(model);
        EmbeddingResponse all = found.embedForResponse(TEXTS);
        int tokens = 0;
        for (int i = 0; i < TEXTS.size(); i++) {
            assertThat(all.getResults().get(i).getOutput()).isEqualTo(embedder.embed(Prompt.of(TEXTS.get(i))).vector());
            assertThat(all.getResults().get(i).getIndex()).isEqualTo(i);
            tokens += embedder.embed(Prompt.of(TEXTS.get(i))).tokens();
        }
        assertThat(all.getMetadata().getUsage().getPromptTokens()).isEqualTo(tokens);
        assertThat(all.getMetadata().getModel()).isEqualTo("t6-tiny");
        assertThat(found.embed(new Document(TEXTS.get(2)))).isEqualTo(all.getResults().get(2).getOutput());
        assertThat(found.dimensions()).isEqualTo(model.info().sizes().width());
        assertThatThrownBy(() -> found.embed(List.of("a", ""))).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("prompts[1]: expected at least one token");
    }

    @Test
    void aRequestSetsTheDimensions() {
        EmbeddingResponse answer = new T6jEmbeddingModel(model).call(
                new EmbeddingRequest(List.of("a whale"), EmbeddingOptions.builder().dimensions(17).build()));
        assertThat(answer.getResult().getOutput()).isEqualTo(new Embedder(model,
                io.github.t6j.EmbeddingOptions.defaults().withDimensions(17)).embed(Prompt.of("a whale")).vector());
    }

    @Test
    void aSchedulerEmbedsTheTexts() {
        Scheduler scheduler = new Scheduler(model);
        T6jEmbeddingModel found = new T6jEmbeddingModel(model).withScheduler(scheduler);
        assertThat(found.embed(TEXTS.getFirst()))
                .isEqualTo(new Embedder(model).embed(Prompt.of(TEXTS.getFirst())).vector());
        scheduler.close();
        assertThatThrownBy(() -> found.embed("a whale")).isInstanceOf(RefusedException.class);
        assertThat(new T6jEmbeddingModel(model).embed("a whale")).isNotEmpty();
    }

    /** The oracle is the order of the cosines. */
    @Test
    void aVectorStoreFindsTheNearestText() {
        SimpleVectorStore store = SimpleVectorStore.builder(new T6jEmbeddingModel(model)).build();
        store.add(TEXTS.stream().map(Document::new).toList());
        String asked = "The whale swims in the ocean.";
        List<String> nearest = TEXTS.stream().sorted(Comparator.comparingDouble(
                text -> -model.embed(asked).cosine(model.embed(text)))).toList();
        assertThat(store.similaritySearch(SearchRequest.builder().query(asked).topK(4).build()))
                .extracting(Document::getText).isEqualTo(nearest);
    }

    private static ApplicationContextRunner boot() {
        return new ApplicationContextRunner().withConfiguration(AutoConfigurations.of(T6jAutoConfiguration.class,
                T6jEmbeddingAutoConfiguration.class, T6jModelAutoConfiguration.class))
                .withPropertyValues("spring.ai.t6j.model=" + TINY, "spring.ai.t6j.threads=1");
    }

    @Test
    void bootUsesTheOptions() {
        io.github.t6j.EmbeddingOptions last = io.github.t6j.EmbeddingOptions.defaults().withPooling(Pooling.LAST)
                .withDimensions(31).withTruncate(true);
        boot().withPropertyValues("spring.ai.t6j.embedding.pooling=last", "spring.ai.t6j.embedding.dimensions=31",
                "spring.ai.t6j.embedding.truncate=true").run(context -> {
                    assertThat(context).hasSingleBean(T6jChatModel.class);
                    EmbeddingModel found = context.getBean(EmbeddingModel.class);
                    assertThat(found.embed("a whale"))
                            .isEqualTo(new Embedder(model, last).embed(Prompt.of("a whale")).vector());
                    assertThat(found.embed("word ".repeat(2000)))
                            .isEqualTo(new Embedder(model, last).embed(Prompt.of("word ".repeat(2000))).vector());
                });
        boot().run(context -> {
            EmbeddingModel found = context.getBean(EmbeddingModel.class);
            assertThat(found.embed("a whale")).isEqualTo(new Embedder(model).embed(Prompt.of("a whale")).vector());
            context.getBean(Scheduler.class).close();
            assertThatThrownBy(() -> found.embed("a whale")).isInstanceOf(RefusedException.class);
        });
        boot().withPropertyValues("spring.ai.model.chat=other").run(context -> assertThat(context)
                .hasSingleBean(T6jEmbeddingModel.class).doesNotHaveBean(T6jChatModel.class));
        boot().withPropertyValues("spring.ai.model.embedding=other").run(context -> assertThat(context)
                .doesNotHaveBean(T6jEmbeddingModel.class).hasSingleBean(T6jChatModel.class));
        boot().withPropertyValues("spring.ai.model.embedding=other", "spring.ai.model.chat=other")
                .run(context -> assertThat(context).doesNotHaveBean(Model.class));
        T6jEmbeddingModel bean = new T6jEmbeddingModel(model);
        boot().withBean(T6jEmbeddingModel.class, () -> bean)
                .run(context -> assertThat(context.getBean(T6jEmbeddingModel.class)).isSameAs(bean));
    }
}
