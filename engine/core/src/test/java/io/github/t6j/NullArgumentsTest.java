package io.github.t6j;

import io.github.t6j.flashtpa.FlashTpa;
import io.github.t6j.flashtpa.FlashTpaCache;
import io.github.t6j.flashtpa.FlashTpaSteps;
import io.github.t6j.flashtpa.RotaryEmbedding;
import io.github.t6j.sampling.Constraint;
import io.github.t6j.sampling.Sampler;
import io.github.t6j.sampling.SamplingOptions;
import io.github.t6j.tokenizer.Tokenizer;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Tests that the engine's public methods refuse null by name, unless null is documented. */
class NullArgumentsTest {
    private static final Set<String> NULLABLE = Set.of(
            "ModelOptions:2", "ModelOptions:3", "ModelOptions:4", "ModelOptions:7", "ModelOptions:9",
            "ModelOptions.withVariant:0",
            "ModelOptions.withKernels:0", "ModelOptions.withTokenizer:0", "ModelOptions.withWeightType:0",
            "ModelOptions.withProgress:0",
            "GenerationOptions:6", "GenerationOptions:7", "GenerationOptions.withGrammar:0",
            "GenerationOptions.withSpeculation:0", "CallOptions:0", "CallOptions:1",
            "CallOptions:2", "CallOptions.withDeadline:0", "CallOptions.withTimeout:0",
            "CallOptions.withCancellation:0", "EmbeddingOptions:0", "EmbeddingOptions:1",
            "EmbeddingOptions.withPooling:0", "SamplingOptions:8", "SamplingOptions:9", "SamplingOptions.withStep:0",
            "SamplingOptions.withSeed:0",
            "Session.prefill:1", "FlashTpaCache.attend:2", "FlashTpaCache.append:3", "FlashTpaCache.append:4",
            "Options:6",
            "Options.withSteps:0");

    private final NullArguments nulls = new NullArguments(NULLABLE, type -> null);

    @Test
    void nullsAreRefusedByName() {
        FlashTpa.Shape shape = new FlashTpa.Shape(1, 2, 2, 1, 1, 1);
        try (Model model = Model.load(TestData.tiny(), ModelOptions.defaults().withThreads(1));
                Session session = model.newSession();
                FlashTpa flash = new FlashTpa(shape);
                FlashTpaCache cache = flash.newCache(1)) {
            Tokenizer tokenizer = model.tokenizer();
            Constraint none = (tokens, ids, endIds) -> null;
            Map<Class<?>, Object> own =
                    Map.of(Model.class, model, Tokenizer.class, tokenizer, Constraint.class, none);
            session.prefill(1);
            for (Object one : List.of(
                    ModelOptions.defaults(), GenerationOptions.defaults(), SessionOptions.defaults(),
                    CallOptions.defaults(), SamplingOptions.defaults(), FlashTpa.Options.defaults(shape),
                    Prompt.of("The"), tokenizer, tokenizer.newDecoder(),
                    new Sampler(SamplingOptions.defaults(), 9, 9),
                    new RotaryEmbedding(RotaryEmbedding.Pairing.HALVES, 2, 10000), EmbeddingOptions.defaults(),
                    new Embedder(model), new Embedding(new float[1], 1, false), session, cache, flash, model)) {
                nulls.tryAll(one, one.getClass(), own);
            }
            for (Class<?> type : List.of(FlashTpa.Factors.class, FlashTpa.Options.class, FlashTpaSteps.Shifts.class)) {
                nulls.tryAll(null, type, own);
            }
        }
        nulls.assertRefused(80);
    }
}
