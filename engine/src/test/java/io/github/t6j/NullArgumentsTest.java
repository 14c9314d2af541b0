package io.github.t6j;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.flashtpa.FlashTpa;
import io.github.t6j.flashtpa.FlashTpaCache;
import io.github.t6j.flashtpa.RotaryEmbedding;
import io.github.t6j.grammar.Grammar;
import io.github.t6j.grammar.GrammarMatcher;
import io.github.t6j.grammar.TokenGrammar;
import io.github.t6j.sampling.Sampler;
import io.github.t6j.sampling.SamplingOptions;
import io.github.t6j.sampling.SamplingStep;
import io.github.t6j.sampling.StopStrings;
import io.github.t6j.schedule.Scheduler;
import io.github.t6j.schedule.SchedulerOptions;
import io.github.t6j.tokenizer.Tokenizer;
import io.github.t6j.tokenizer.TokenizerTrainer;
import io.github.t6j.training.BatchOrder;
import io.github.t6j.training.Documents;
import io.github.t6j.training.LearningRate;
import io.github.t6j.training.LoraOptions;
import io.github.t6j.training.TokenData;
import io.github.t6j.training.TrainableModel;
import io.github.t6j.training.Trainer;
import io.github.t6j.training.TrainingListener;
import io.github.t6j.training.TrainingOptions;
import java.lang.foreign.MemorySegment;
import java.lang.reflect.Constructor;
import java.lang.reflect.Executable;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;
import java.util.function.DoubleConsumer;
import java.util.function.IntConsumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Passes null for each argument of each public method and constructor that takes one: a NullPointerException names it,
 * unless null is documented.
 */
class NullArgumentsTest {
    /** Arguments that may be null, as TYPE.METHOD:INDEX; the documentation of each says what null means. */
    private static final Set<String> NULLABLE = Set.of(
            "ModelOptions.withVariant:0", "ModelOptions.withTokenizer:0", "ModelOptions.withDeadline:0",
            "ModelOptions.withTimeout:0", "ModelOptions.withCancellation:0", "ModelOptions.withWeightType:0",
            "ModelOptions.withProgress:0", "GenerationOptions.withDeadline:0",
            "GenerationOptions.withTimeout:0", "GenerationOptions.withCancellation:0",
            "GenerationOptions.withGrammar:0",
            "CallOptions.withDeadline:0", "CallOptions.withTimeout:0", "CallOptions.withCancellation:0",
            "EmbeddingOptions.withPooling:0", "EmbeddingOptions.withDeadline:0", "EmbeddingOptions.withTimeout:0",
            "EmbeddingOptions.withCancellation:0",
            "SchedulerOptions.withTimeout:0", "SchedulerOptions.withPrefixFolder:0",
            "Trainer.adapt:1", "Trainer.adapt:2", "SamplingOptions.withStep:0", "SamplingOptions.withSeed:0",
            "Session.prefill:1",
            "FlashTpaCache.attend:2", "Trainer.from:1", "Trainer.from:2", "TrainableModel.load:1", "TokenData.open:1");

    private final List<String> wrong = new ArrayList<>();
    private int tried;

    /** Returns a value that the methods accept, or fail about after they have checked all arguments. */
    private Object sample(Class<?> type) {
        Path text = TestData.path("text/test.txt");
        return switch (type.getSimpleName()) {
            case "int", "Integer" -> 1;
            case "long", "Long" -> 1L;
            case "double" -> 0.5;
            case "float" -> 0.5f;
            case "boolean" -> true;
            case "String" -> "The";
            case "Class" -> Model.class;
            case "String[]" -> new String[] {"The"};
            case "int[]" -> new int[] {1};
            case "long[]" -> new long[] {1};
            case "float[]" -> new float[2];
            case "int[][]" -> new int[][] {{1}};
            case "LogitsListener[]" -> new LogitsListener[1];
            case "Path" -> text;
            case "Duration" -> Duration.ZERO;
            case "Instant" -> Instant.now();
            case "Throwable" -> new IllegalStateException();
            case "List" -> List.of(text);
            case "Set" -> Set.of();
            case "Map" -> Map.of();
            case "Prompt" -> Prompt.of(1);
            case "GenerationOptions" -> GenerationOptions.defaults().withMaxTokens(1);
            case "ModelOptions" -> ModelOptions.defaults();
            case "SessionOptions" -> SessionOptions.defaults();
            case "SamplingOptions" -> SamplingOptions.defaults();
            case "SchedulerOptions" -> SchedulerOptions.defaults();
            case "TrainingOptions" -> TrainingOptions.defaults(2);
            case "CallOptions" -> CallOptions.defaults();
            case "EmbeddingOptions" -> EmbeddingOptions.defaults();
            case "Penalties" -> SamplingOptions.Penalties.NONE;
            case "Batches" -> TrainingOptions.Batches.defaults();
            case "Optimizer" -> TrainingOptions.Optimizer.defaults();
            case "LoraOptions" -> LoraOptions.of(1);
            case "Plan" -> new LearningRate.Plan(0, 1, 4);
            case "LearningRate" -> new LearningRate(1e-3, 1e-4, 1, 4);
            case "Shape" -> new FlashTpa.Shape(1, 2, 2, 1, 1, 1);
            case "Options" -> FlashTpa.Options.defaults(new FlashTpa.Shape(1, 2, 2, 1, 1, 1));
            case "Factors" -> FlashTpa.Factors.of(new float[1], new float[2]);
            case "MemorySegment" -> MemorySegment.ofArray(new float[1]);
            case "Grammar" -> Grammar.regex("a*");
            case "RopeVariant" -> RopeVariant.FULL;
            case "TokenListener" -> (TokenListener) token -> true;
            case "SampleListener" -> (SampleListener) (index, token) -> true;
            case "LogitsListener" -> (LogitsListener) (position, logits) -> {
            };
            case "TrainingListener" -> (TrainingListener) step -> false;
            case "SamplingStep" -> (SamplingStep) (logits, ids) -> {
            };
            case "Runnable" -> (Runnable) () -> {
            };
            case "BooleanSupplier" -> (BooleanSupplier) () -> false;
            case "DoubleConsumer" -> (DoubleConsumer) share -> {
            };
            case "IntConsumer" -> (IntConsumer) index -> {
            };
            case "Consumer" -> (Consumer<Object>) one -> {
            };
            default -> type.isEnum() ? type.getEnumConstants()[0] : null;
        };
    }

    private void tryAll(Object target, Class<?> type, Map<Class<?>, Object> own) {
        Stream<Executable> all = Stream.concat(
                Arrays.stream(type.getDeclaredMethods()).filter(method -> !method.isSynthetic()
                        && (target != null || Modifier.isStatic(method.getModifiers()))
                        && !Set.of("equals", "valueOf").contains(method.getName())),
                Arrays.stream(type.getDeclaredConstructors()));
        all.filter(one -> Modifier.isPublic(one.getModifiers())).forEach(one -> tryNulls(target, type, one, own));
    }

    private void tryNulls(Object target, Class<?> type, Executable one, Map<Class<?>, Object> own) {
        Class<?>[] types = one.getParameterTypes();
        String name = one instanceof Constructor ? type.getSimpleName() : type.getSimpleName() + "." + one.getName();
        for (int i = 0; i < types.length; i++) {
            if (types[i].isPrimitive() || NULLABLE.contains(name + ":" + i)) {
                continue;
            }
            Object[] arguments = new Object[types.length];
            for (int j = 0; j < arguments.length; j++) {
                arguments[j] = j == i ? null : own.containsKey(types[j]) ? own.get(types[j]) : sample(types[j]);
                assertThat(j == i || arguments[j] != null).as("a sample of " + types[j]).isTrue();
            }
            tried++;
            String call = name + Arrays.toString(types) + " with null as argument " + i;
            try {
                Object result = one instanceof Method method
                        ? method.invoke(target, arguments)
                        : ((Constructor<?>) one).newInstance(arguments);
                if (result instanceof AutoCloseable closeable) {
                    closeable.close();
                }
                wrong.add(call + ": accepted");
            } catch (InvocationTargetException thrown) {
                Throwable cause = thrown.getCause();
                if (!(cause instanceof NullPointerException) || cause.getMessage() == null
                        || !cause.getMessage().matches("[a-zA-Z.\\[\\]0-9]+")) {
                    wrong.add(call + ": " + cause);
                }
            } catch (Exception unexpected) {
                wrong.add(call + ": " + unexpected);
            }
        }
    }

    @Test
    void nullsAreRefusedByName() {
        FlashTpa.Shape shape = new FlashTpa.Shape(1, 2, 2, 1, 1, 1);
        TrainingOptions training = TrainingOptions.defaults(2).withBatches(
                TrainingOptions.Batches.defaults().withSequences(1).withContext(8));
        try (Model model = Model.load(TestData.tiny(), ModelOptions.defaults().withThreads(1));
                Session session = model.newSession();
                Scheduler scheduler = new Scheduler(model);
                FlashTpa flash = new FlashTpa(shape);
                FlashTpaCache cache = flash.newCache(1);
                TokenData data = TokenData.of(new int[100]);
                TrainableModel trainable = TrainableModel.load(TestData.tiny(), null, 1);
                Trainer trainer = Trainer.create("t6-nano", TestData.path("tokenizers/bpe4096"), training, 1)) {
            Tokenizer tokenizer = model.tokenizer();
            TokenGrammar.Vocabulary vocabulary = new TokenGrammar.Vocabulary(tokenizer, 100, Set.of());
            Map<Class<?>, Object> own = Map.of(
                    Model.class, model, Tokenizer.class, tokenizer, TokenData.class, data,
                    TokenGrammar.Vocabulary.class, vocabulary);
            session.prefill(1);
            for (Object one : List.of(
                    ModelOptions.defaults(), GenerationOptions.defaults(), SessionOptions.defaults(),
                    CallOptions.defaults(), SamplingOptions.defaults(), SchedulerOptions.defaults(), training,
                    training.batches(), training.optimizer(), FlashTpa.Options.defaults(shape), Prompt.of("The"),
                    tokenizer, tokenizer.newDecoder(), new TokenizerTrainer(), new StopStrings(List.of("a")),
                    new Sampler(SamplingOptions.defaults(), 9, 9), new BatchOrder(data, BatchOrder.Order.EPOCH, 8, 1),
                    new RotaryEmbedding(RotaryEmbedding.Pairing.HALVES, 2, 10000), EmbeddingOptions.defaults(),
                    new Embedder(model), new Embedding(new float[1], 1, false), scheduler, session, cache, flash,
                    training.rate(), data, trainable, trainer, model)) {
                tryAll(one, one.getClass(), own);
            }
            for (Class<?> type : List.of(
                    FlashTpa.Factors.class, FlashTpa.Options.class, Grammar.class, TokenGrammar.class,
                    TokenGrammar.Vocabulary.class, Documents.class)) {
                tryAll(null, type, own);
            }
            GrammarMatcher matcher = new TokenGrammar(Grammar.regex("[a-z]*"), vocabulary).newMatcher();
            tryAll(matcher, GrammarMatcher.class, own);
        }
        assertThat(wrong).isEmpty();
        assertThat(tried).isGreaterThan(120);
    }
}
