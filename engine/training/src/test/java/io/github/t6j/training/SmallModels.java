package io.github.t6j.training;

import io.github.t6j.ModelOptions;
import io.github.t6j.RopeVariant;
import io.github.t6j.TestData;
import io.github.t6j.family.ConfigJson;
import io.github.t6j.family.ModelMetadata;
import io.github.t6j.family.VariantJson;
import io.github.t6j.family.registry.Families;
import io.github.t6j.model.ModelConfig;
import io.github.t6j.model.NamedTensors;
import io.github.t6j.model.TensorSpec;
import io.github.t6j.weights.Tensor;
import io.github.t6j.weights.checkpoint.Checkpoint;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;

/** Small models to train, read from folders of testdata or with random weights. */
record SmallModels(ModelConfig config, List<TensorSpec> specs, Map<String, float[]> weights) {
    /** Reads the model of a folder. */
    static SmallModels read(Path folder, RopeVariant variant) {
        try (Checkpoint checkpoint = Checkpoint.open(folder, false)) {
            NamedTensors tensors = new NamedTensors(checkpoint.tensors(), folder.toString());
            ConfigJson json = new ConfigJson(TestData.json(folder.resolve("config.json")), "config.json");
            Path t6j = folder.resolve("t6j.json");
            VariantJson variantJson =
                    Files.exists(t6j) ? new VariantJson(TestData.json(t6j), "t6j.json") : VariantJson.none();
            ModelConfig config = Families.describe(tensors, new ModelMetadata(json, variantJson, variant));
            List<TensorSpec> specs = Families.of(tensors).tensors(config);
            Map<String, float[]> weights = new LinkedHashMap<>();
            for (TensorSpec spec : specs) {
                Tensor tensor = tensors.get(tensors.has(spec.name()) ? spec.name() : spec.alias());
                float[] values = new float[Math.toIntExact(tensor.elementCount())];
                tensor.read(0, values, 0, values.length);
                weights.put(spec.name(), values);
            }
            return new SmallModels(config, specs, weights);
        }
    }

    /** Returns a model with random weights under which every part affects the loss. */
    static SmallModels random(ModelConfig config, List<TensorSpec> specs, long seed) {
        Random random = new Random(seed);
        Map<String, float[]> weights = new LinkedHashMap<>();
        for (TensorSpec spec : specs) {
            int elements = Math.toIntExact(spec.shape().stream().reduce(1L, (a, b) -> a * b));
            double deviation = spec.shape().size() == 1 ? 0.2 : 1.2 / Math.sqrt(spec.shape().getLast());
            float[] values = new float[elements];
            for (int i = 0; i < elements; i++) {
                values[i] = (float) ((spec.isGain() ? 1 : 0) + deviation * random.nextGaussian());
            }
            weights.put(spec.name(), values);
        }
        return new SmallModels(config, specs, weights);
    }

    /** Returns a trainable copy that computes on {@code threads} threads. */
    TrainableModel trainable(int threads) {
        return withWeights(TrainableModel.of(config, specs, threads));
    }

    TrainableModel withWeights(TrainableModel model) {
        for (Parameter parameter : model.parameters()) {
            float[] values = weights.get(parameter.name());
            System.arraycopy(values, 0, parameter.value(), 0, values.length);
        }
        return model;
    }

    /** Returns random ids of the first half of the vocabulary, so that some repeat and some never occur. */
    int[] ids(Random random, int count) {
        int max = Math.max(2, config.sizes().vocabulary() / 2);
        return IntStream.generate(() -> random.nextInt(max)).limit(count).toArray();
    }

    /** Returns the targets of {@code ids}: the id after each; the last is not scored. */
    static int[] shifted(int[] ids) {
        return IntStream.range(0, ids.length).map(i -> i + 1 < ids.length ? ids[i + 1] : -1).toArray();
    }

    /** Returns the options of the engine for a golden model. */
    static ModelOptions options(RopeVariant variant) {
        return variant == null ? ModelOptions.defaults() : ModelOptions.defaults().withVariant(variant);
    }
}
