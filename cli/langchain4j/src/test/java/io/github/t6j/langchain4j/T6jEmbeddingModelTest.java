package io.github.t6j.langchain4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.langchain4j.data.embedding.Embedding;
import dev.langchain4j.data.message.ImageContent;
import dev.langchain4j.data.segment.TextSegment;
import dev.langchain4j.exception.UnsupportedFeatureException;
import dev.langchain4j.model.embedding.request.EmbeddingInput;
import dev.langchain4j.model.embedding.request.EmbeddingInputType;
import dev.langchain4j.model.embedding.request.EmbeddingRequest;
import dev.langchain4j.model.embedding.response.EmbeddingResponse;
import dev.langchain4j.model.output.Response;
import dev.langchain4j.rag.content.retriever.EmbeddingStoreContentRetriever;
import dev.langchain4j.rag.query.Query;
import dev.langchain4j.store.embedding.EmbeddingMatch;
import dev.langchain4j.store.embedding.EmbeddingSearchRequest;
import dev.langchain4j.store.embedding.inmemory.InMemoryEmbeddingStore;
import io.github.t6j.Embedder;
import io.github.t6j.EmbeddingOptions;
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

/** LangChain4j's EmbeddingModel gives the embeddings of a t6j model, also to its store and its retriever. */
@Timeout(120)
class T6jEmbeddingModelTest {
    private static final List<String> TEXTS =
            List.of("The whale swims in the sea.", "Call me Ishmael.", "The ship sails to the south.", "It was night.");

    private Model model;

    @BeforeEach
    void load() {
        model = Model.load(Path.of(System.getProperty("t6j.testdata"), "models/t6-tiny"));
    }

    @AfterEach
    void close() {
        model.close();
    }

    @Test
    void aSchedulerEmbeds() {
        float[] expected = new T6jEmbeddingModel(model).embed(TEXTS.getFirst()).content().vector();
        Scheduler scheduler = new Scheduler(model);
        T6jEmbeddingModel scheduled = new T6jEmbeddingModel(model).withScheduler(scheduler);
        assertThat(scheduled.embed(TEXTS.getFirst()).content().vector()).isEqualTo(expected);
        scheduler.close();
        assertThatThrownBy(() -> scheduled.embed("a")).isInstanceOf(RefusedException.class);
    }

    @Test
    void embeddingsAreTheModels() {
        Embedder embedder = new Embedder(model);
        T6jEmbeddingModel found = new T6jEmbeddingModel(model);
        assertThat(found.embed(TEXTS.getFirst()).content().vector())
                .isEqualTo(embedder.embed(Prompt.of(TEXTS.getFirst())).vector());
        Response<List<Embedding>> all = found.embedAll(TEXTS.stream().map(TextSegment::from).toList());
        int tokens = 0;
        for (int i = 0; i < TEXTS.size(); i++) {
            assertThat(all.content().get(i).vector()).isEqualTo(embedder.embed(Prompt.of(TEXTS.get(i))).vector());
            tokens += embedder.embed(Prompt.of(TEXTS.get(i))).tokens();
        }
        assertThat(all.tokenUsage().inputTokenCount()).isEqualTo(tokens);
        assertThat(found.dimension()).isEqualTo(model.info().sizes().width());
        assertThat(found.modelName()).isEqualTo("t6-tiny");
        assertThat(found.embedAll(List.of()).content()).isEmpty();

        EmbeddingOptions last = EmbeddingOptions.defaults().withPooling(Pooling.LAST).withDimensions(31);
        T6jEmbeddingModel shorter = new T6jEmbeddingModel(model, last);
        assertThat(shorter.dimension()).isEqualTo(31);
        assertThat(shorter.embed("a whale").content().vector())
                .isEqualTo(new Embedder(model, last).embed(Prompt.of("a whale")).vector());
    }

    @Test
    void aRequestSetsTheDimensionsOnly() {
        T6jEmbeddingModel found = new T6jEmbeddingModel(model);
        EmbeddingResponse answer =
                found.embed(EmbeddingRequest.builder().inputs(List.of(EmbeddingInput.from("a whale")))
                        .dimensions(17).build());
        assertThat(answer.embeddings().getFirst().vector()).isEqualTo(
                new Embedder(model, EmbeddingOptions.defaults().withDimensions(17))
                        .embed(Prompt.of("a whale")).vector());
        EmbeddingRequest typed = EmbeddingRequest.builder().inputs(List.of(EmbeddingInput.from("a whale")))
                .inputType(EmbeddingInputType.QUERY).build();
        assertThatThrownBy(() -> found.embed(typed)).isInstanceOf(UnsupportedFeatureException.class);
        EmbeddingRequest image = EmbeddingRequest.builder()
                .inputs(List.of(EmbeddingInput.from(ImageContent.from("http://localhost/a.png")))).build();
        assertThatThrownBy(() -> found.embed(image)).isInstanceOf(UnsupportedFeatureException.class);
        assertThatThrownBy(() -> found.embedAll(List.of(TextSegment.from("a"), TextSegment.from("word ".repeat(2000)))))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("prompts[1]: expected at most");
    }

    /** The oracle is the order of the cosines. */
    @Test
    void aStoreAndARetrieverFindTheNearestText() {
        T6jEmbeddingModel embedding = new T6jEmbeddingModel(model);
        InMemoryEmbeddingStore<TextSegment> store = new InMemoryEmbeddingStore<>();
        List<TextSegment> segments = TEXTS.stream().map(TextSegment::from).toList();
        store.addAll(embedding.embedAll(segments).content(), segments);
        String asked = "The whale swims in the ocean.";
        List<EmbeddingMatch<TextSegment>> matches = store.search(EmbeddingSearchRequest.builder()
                .queryEmbedding(embedding.embed(asked).content()).maxResults(4).build()).matches();
        List<String> nearest = TEXTS.stream().sorted(Comparator.comparingDouble(
                text -> -model.embed(asked).cosine(model.embed(text)))).toList();
        assertThat(matches.stream().map(match -> match.embedded().text())).isEqualTo(nearest);
        EmbeddingStoreContentRetriever retriever = EmbeddingStoreContentRetriever.builder().embeddingStore(store)
                .embeddingModel(embedding).maxResults(1).build();
        assertThat(retriever.retrieve(Query.from(asked)).getFirst().textSegment().text())
                .isEqualTo(nearest.getFirst());
    }
}
