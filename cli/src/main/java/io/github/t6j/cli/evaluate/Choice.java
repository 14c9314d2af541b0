package io.github.t6j.cli.evaluate;

import io.github.t6j.ModelOptions;
import io.github.t6j.Pooling;
import io.github.t6j.RopeVariant;
import io.github.t6j.SessionOptions;
import io.github.t6j.WeightType;
import io.github.t6j.attention.AttentionPath;
import io.github.t6j.cli.bench.BenchCommand;
import io.github.t6j.cli.models.ConvertCommand;
import io.github.t6j.cli.models.KernelArguments;
import io.github.t6j.family.t6.T6Config;
import io.github.t6j.training.BatchOrder;
import io.github.t6j.training.Initialization;
import io.github.t6j.weights.DType;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Options that take one of a few words: the constants of an enum in lower case, with hyphens. */
public final class Choice {
    private static final List<DType> WEIGHTS = List.of(
            DType.F32, DType.F16, DType.BF16, DType.Q8_0, DType.Q6_K, DType.Q5_K, DType.Q4_K, DType.Q4_0);

    private Choice() {}

    public static void register(CommandLine commandLine) {
        register(commandLine, ModelOptions.Load.class);
        register(commandLine, AttentionPath.class);
        register(commandLine, SessionOptions.CacheType.class);
        register(commandLine, RopeVariant.class);
        register(commandLine, Pooling.class);
        register(commandLine, T6Config.Attention.class);
        register(commandLine, ConvertCommand.As.class);
        register(commandLine, BenchCommand.Format.class);
        register(commandLine, BatchOrder.Order.class);
        register(commandLine, KernelArguments.Kind.class);
        register(commandLine, Initialization.class);
        commandLine.registerConverter(DType.class, text -> weightType(WEIGHTS, text));
        commandLine.registerConverter(WeightType.class, text -> weightType(List.of(WeightType.values()), text));
    }

    private static <E extends Enum<E>> E weightType(List<E> types, String text) {
        List<String> words = weightWords(types);
        int found = words.indexOf(text);
        if (found < 0) {
            throw new TypeConversionException(
                    "expected " + String.join(", ", words.subList(0, words.size() - 1)) + " or "
                            + words.getLast() + ", found '" + text + "'");
        }
        return types.get(found);
    }

    /** Returns the words of types of weights, which keep their underscores. */
    private static List<String> weightWords(List<? extends Enum<?>> types) {
        return types.stream().map(type -> type.name().toLowerCase(Locale.ROOT)).toList();
    }

    /** Returns the words that an option of this enum takes. */
    public static List<String> words(Class<?> type) {
        if (type == DType.class || type == WeightType.class) {
            return weightWords(type == DType.class ? WEIGHTS : List.of(WeightType.values()));
        }
        return Arrays.stream(type.getEnumConstants()).map(constant -> word((Enum<?>) constant)).toList();
    }

    private static <E extends Enum<E>> void register(CommandLine commandLine, Class<E> type) {
        ITypeConverter<E> converter = text -> of(type, text);
        commandLine.registerConverter(type, converter);
    }

    /** Returns the word for {@code constant} on the command line and in JSON. */
    public static String word(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    private static <E extends Enum<E>> E of(Class<E> type, String text) {
        E[] constants = type.getEnumConstants();
        return Arrays.stream(constants)
                .filter(constant -> word(constant).equals(text))
                .findFirst()
                .orElseThrow(() -> new TypeConversionException(
                        "expected " + Arrays.stream(constants).map(Choice::word).collect(Collectors.joining(" or "))
                                + ", found '" + text + "'"));
    }
}
