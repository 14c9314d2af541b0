package io.github.t6j;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.flashtpa.FlashTpa;
import io.github.t6j.flashtpa.FlashTpaSteps;
import io.github.t6j.kernels.choice.KernelChoice;
import io.github.t6j.sampling.SamplingOptions;
import io.github.t6j.sampling.SamplingStep;
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
import java.util.function.Function;
import java.util.function.IntConsumer;
import java.util.stream.Stream;

/**
 * Passes null for each argument of each public method and constructor that takes one: a NullPointerException names it,
 * unless null is documented.
 */
public final class NullArguments {
    private final Set<String> nullable;
    private final Function<Class<?>, Object> samples;
    private final List<String> wrong = new ArrayList<>();
    private int tried;

    /**
     * @param nullable arguments that may be null, as TYPE.METHOD:INDEX; the documentation of each says what null means
     * @param samples returns an argument of a type that only the caller knows, or null
     */
    public NullArguments(Set<String> nullable, Function<Class<?>, Object> samples) {
        this.nullable = nullable;
        this.samples = samples;
    }

    /** Returns a value that the methods accept, or fail about after they have checked all arguments. */
    private Object sample(Class<?> type) {
        Object special = samples.apply(type);
        if (special != null) {
            return special;
        }
        Path text = TestData.path("text/test.txt");
        return switch (type.getSimpleName()) {
            case "int", "Integer" -> 1;
            case "long", "Long" -> 1L;
            case "double" -> 0.5;
            case "float" -> 0.5f;
            case "boolean", "Boolean" -> true;
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
            case "ComputeKernels" -> KernelChoice.scalar();
            case "SessionOptions" -> SessionOptions.defaults();
            case "SamplingOptions" -> SamplingOptions.defaults();
            case "Drafter" -> new RecordedDrafts(new int[0], 1);
            case "CallOptions" -> CallOptions.defaults();
            case "EmbeddingOptions" -> EmbeddingOptions.defaults();
            case "Shape" -> new FlashTpa.Shape(1, 2, 2, 1, 1, 1);
            case "Options" -> FlashTpa.Options.defaults(new FlashTpa.Shape(1, 2, 2, 1, 1, 1));
            case "Factors" -> FlashTpa.Factors.of(new float[1], new float[2]);
            case "FlashTpaSteps" -> new FlashTpaSteps(1, false, 0f);
            case "Shifts" -> FlashTpaSteps.Shifts.of(new float[1], new float[1]);
            case "MemorySegment" -> MemorySegment.ofArray(new float[1]);
            case "RopeVariant" -> RopeVariant.FULL;
            case "TokenListener" -> (TokenListener) token -> true;
            case "SampleListener" -> (SampleListener) (index, token) -> true;
            case "LoadListener" -> (LoadListener) (done, total) -> {
            };
            case "LogitsListener" -> (LogitsListener) (position, logits) -> {
            };
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

    /**
     * Tries all public methods and constructors of a type.
     *
     * @param target object of the type, or null for the static methods and the constructors only
     * @param own arguments by type that come before the samples
     */
    public void tryAll(Object target, Class<?> type, Map<Class<?>, Object> own) {
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
            if (types[i].isPrimitive() || nullable.contains(name + ":" + i)) {
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

    /**
     * Asserts that at least {@code least} arguments were tried, and that each was rejected with an error that names it.
     */
    public void assertRefused(int least) {
        assertThat(wrong).isEmpty();
        assertThat(tried).isGreaterThan(least);
    }
}
