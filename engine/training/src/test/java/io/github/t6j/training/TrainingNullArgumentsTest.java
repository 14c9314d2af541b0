package io.github.t6j.training;

import io.github.t6j.NullArguments;
import io.github.t6j.TestData;
import io.github.t6j.tokenizer.Tokenizer;
import io.github.t6j.training.tokenizer.TokenizerTrainer;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Tests that the public methods of training refuse null by name, unless null is documented. */
class TrainingNullArgumentsTest {
    private static final Set<String> NULLABLE = Set.of(
            "TrainableModel.load:1", "TokenData.open:1");

    private final NullArguments nulls = new NullArguments(NULLABLE, TrainingNullArgumentsTest::sample);

    private static Object sample(Class<?> type) {
        return switch (type.getSimpleName()) {
            case "TrainingOptions" -> TrainingOptions.defaults(2);
            case "Batches" -> TrainingOptions.Batches.defaults();
            case "Optimizer" -> TrainingOptions.Optimizer.defaults();
            case "Base" -> Trainer.Base.of(TestData.tiny());
            case "Optional" -> Optional.empty();
            case "LoraOptions" -> LoraOptions.of(1);
            case "Plan" -> new LearningRate.Plan(0, 1, 4);
            case "LearningRate" -> new LearningRate(1e-3, 1e-4, 1, 4);
            case "TrainingListener" -> (TrainingListener) step -> false;
            default -> null;
        };
    }

    @Test
    void nullsAreRejectedWithTheirNames() {
        TrainingOptions options = TrainingOptions.defaults(2).withBatches(
                TrainingOptions.Batches.defaults().withSequences(1).withContext(8));
        try (TokenData data = TokenData.of(new int[100]);
                TrainableModel trainable = TrainableModel.load(TestData.tiny(), null, 1);
                Trainer trainer = Trainer.create("t6-nano", TestData.path("tokenizers/bpe4096"), options, 1)) {
            Map<Class<?>, Object> arguments = Map.of(
                    TokenData.class, data, Tokenizer.class, Tokenizer.load(TestData.tiny()));
            for (Object object : List.of(
                    options, options.batches(), options.optimizer(), new TokenizerTrainer(),
                    Trainer.Base.of(TestData.tiny()), new BatchOrder(data, BatchOrder.Order.EPOCH, 8, 1),
                    options.rate(), data, trainable, trainer)) {
                nulls.tryAll(object, object.getClass(), arguments);
            }
            nulls.tryAll(null, Documents.class, arguments);
        }
        nulls.assertRefused(30);
    }
}
