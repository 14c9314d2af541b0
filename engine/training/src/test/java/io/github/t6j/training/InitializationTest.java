package io.github.t6j.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.t6j.TestData;
import io.github.t6j.family.VariantJson;
import io.github.t6j.family.registry.Families;
import io.github.t6j.family.t6.T6Config;
import io.github.t6j.json.Json;
import io.github.t6j.model.ModelConfig;
import io.github.t6j.training.layers.TrainingTensor;
import io.github.t6j.training.presets.Presets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Tests draws against the official constructors': extremes, deviations and constants of every kind of tensor.
 */
class InitializationTest {
    private static final List<Object> RUNS =
            Json.array(TestData.json("golden_training/init.json").get("runs"), "runs");

    static IntStream runs() {
        return IntStream.range(0, RUNS.size());
    }

    private static final class Statistics {
        private double min = Double.POSITIVE_INFINITY;
        private double max = Double.NEGATIVE_INFINITY;
        private double sum;
        private double squares;
        private long count;

        void add(float[] values) {
            for (float value : values) {
                min = Math.min(min, value);
                max = Math.max(max, value);
                sum += value;
                squares += (double) value * value;
            }
            count += values.length;
        }

        double deviation() {
            double mean = sum / count;
            return Math.sqrt(squares / count - mean * mean);
        }
    }

    @ParameterizedTest
    @MethodSource("runs")
    void drawsMatchTheOfficialDistribution(int run) {
        Map<String, Object> golden = Json.object(RUNS.get(run), "run");
        Map<String, Statistics> found = new TreeMap<>();
        Map<String, Object> arguments = Json.object(golden.get("arguments"), "arguments");
        draw(config((String) golden.get("official_file"), arguments), Initialization.OFFICIAL).forEach(parameter -> {
            String kind = parameter.name().replaceFirst("transformer\\.h\\.\\d+\\.", "")
                    .replace("lm_head.weight", "transformer.wte.weight");
            found.computeIfAbsent(kind, any -> new Statistics()).add(parameter.value());
        });
        Map<String, Object> kinds = Json.object(golden.get("kinds"), "kinds");
        assertThat(found.keySet()).isEqualTo(new TreeMap<>(kinds).keySet());
        kinds.forEach((kind, expected) -> check(kind, Json.object(expected, kind), found.get(kind)));
    }

    private static void check(String kind, Map<String, Object> expected, Statistics found) {
        if (expected.get("constant") instanceof Number constant) {
            assertThat(found.min).as(kind).isEqualTo(constant.doubleValue());
            assertThat(found.max).as(kind).isEqualTo(constant.doubleValue());
            return;
        }
        double bound = ((Number) expected.get("bound")).doubleValue();
        double max = bound * (1 + 1e-7);
        assertThat(found.max).as(kind).isBetween(0.95 * bound, max);
        assertThat(found.min).as(kind).isBetween(-max, -0.95 * bound);
        double deviation = ((Number) expected.get("std")).doubleValue();
        assertThat(found.deviation()).as(kind).isCloseTo(deviation, within(0.03 * deviation));
        assertThat(found.sum / found.count).as(kind).isCloseTo(0, within(0.03 * bound));
    }

    private static ModelConfig config(String file, Map<String, Object> arguments) {
        T6Config.Attention attention = switch (file) {
            case "model/T6.py" -> T6Config.Attention.TPA;
            case "model/T6_kvonly.py" -> T6Config.Attention.TPA_KVONLY;
            case "model/llama-mha.py" -> T6Config.Attention.MHA;
            case "model/llama-gqa.py" -> T6Config.Attention.GQA;
            default -> T6Config.Attention.MLA;
        };
        return Families.describe(new T6Config(attention, new HashMap<>(arguments), VariantJson.none()));
    }

    private static List<Parameter> draw(ModelConfig config, Initialization initialization) {
        List<Parameter> parameters =
                Families.tensors(config).stream().map(TrainingTensor::of).map(Parameter::new).toList();
        initialization.draw(config, parameters, 5000);
        return parameters;
    }

    @Test
    void smallModelsHaveASmallNormalEmbedding() {
        ModelConfig config = Families.describe(Presets.of("t6-nano"));
        List<Parameter> small = draw(config, Initialization.SMALL);
        List<Parameter> official = draw(config, Initialization.OFFICIAL);
        for (int i = 0; i < small.size(); i++) {
            if (small.get(i).name().equals("lm_head.weight")) {
                Statistics embedding = new Statistics();
                embedding.add(small.get(i).value());
                assertThat(embedding.deviation()).isCloseTo(0.02, within(1e-4));
                assertThat(embedding.max).isBetween(0.08, 0.12); // maximum of half a million normal numbers
            } else {
                assertThat(small.get(i).value()).as(small.get(i).name()).isEqualTo(official.get(i).value());
            }
        }
    }

    @Test
    void everyTensorIsDrawnIndependently() {
        ModelConfig config = Families.describe(Presets.of("t6-nano"));
        Map<Float, String> firsts = new HashMap<>();
        draw(config, Initialization.SMALL).stream().filter(drawn -> drawn.value()[0] != 0).forEach(drawn -> assertThat(
                firsts.put(drawn.value()[0], drawn.name())).as(drawn.name()).isNull());
        assertThat(draw(config, Initialization.SMALL).getFirst().value())
                .isEqualTo(draw(config, Initialization.SMALL).getFirst().value());
    }
}
