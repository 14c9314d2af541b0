package io.github.t6j.family.lora;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.t6j.Model;
import io.github.t6j.ModelFormatException;
import io.github.t6j.ModelOptions;
import io.github.t6j.Session;
import io.github.t6j.SessionOptions;
import io.github.t6j.TestData;
import io.github.t6j.TestNumbers;
import io.github.t6j.WeightType;
import io.github.t6j.family.ModelMetadata;
import io.github.t6j.family.lora.AdapterFiles.Merge;
import io.github.t6j.family.lora.AdapterFiles.Module;
import io.github.t6j.family.registry.Families;
import io.github.t6j.family.registry.ModelTensors;
import io.github.t6j.json.Json;
import io.github.t6j.model.ModelConfig;
import io.github.t6j.model.NamedTensors;
import io.github.t6j.weights.DType;
import io.github.t6j.weights.Tensor;
import io.github.t6j.weights.checkpoint.Checkpoint;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** LoRA adapters, compared with models into whose files the test merged the same matrices in float64. */
class AdaptersTest {
    private static final long SEED = Long.getLong("t6j.adapter.seed", 35);
    private static final String LLAMA = "golden_wide/llama-wide";
    private static final int IDS = 70;

    @TempDir
    private Path folder;

    /** Random modules for the matrices of a model whose names match, with alternating ranks. */
    private static List<Module> modules(Path model, String names, int... ranks) {
        Random random = new Random(SEED);
        List<Module> modules = new ArrayList<>();
        try (Checkpoint checkpoint = Checkpoint.open(model, false)) {
            checkpoint.tensors().values().stream().filter(tensor -> tensor.name().matches(names))
                    .forEach(
                            tensor -> modules.add(Module.random(tensor, ranks[modules.size() % ranks.length], random)));
        }
        assertThat(modules).isNotEmpty();
        return modules;
    }

    private static float[][] logits(Path path, ModelOptions options) {
        float[][] logits = new float[IDS][];
        try (Model model = Model.load(path, options);
                Session session = model.newSession(SessionOptions.defaults().withContextLength(IDS))) {
            int[] ids = new Random(SEED).ints(IDS, 0, model.info().sizes().vocabulary()).toArray();
            session.prefill(ids, (position, found) -> logits[position] = found.clone());
        }
        return logits;
    }

    private static ModelOptions f32() {
        return ModelOptions.defaults().withWeightType(WeightType.F32).withThreads(2);
    }

    private static List<Merge> merges(List<Module> modules, double scale) {
        return modules.stream().map(module -> new Merge(module, scale)).toList();
    }

    @Test
    void adaptersOfOlalaAreRefused() throws IOException {
        Path model = TestData.path("golden_olala/taps-mv");
        Path adapter = AdapterFiles.writeModules(
                folder.resolve("adapter"), AdapterFiles.CONFIG, modules(model, ".*layers.1.mixer.c_q.weight", 5));
        assertThatThrownBy(() -> Model.load(model, f32().withAdapter(adapter, 1)))
                .isInstanceOfSatisfying(ModelFormatException.class,
                        error -> assertThat(error.kind()).isEqualTo(ModelFormatException.Kind.UNSUPPORTED))
                .hasMessageContaining("adapters: expected a model of another family, found an Olala model");
    }

    /** Ranks 1, 5 and 16, both scales; whole files and shards, f32 and bf16, every kind of projection. */
    @ParameterizedTest
    @CsvSource({
        "golden_wide/llama-wide,    1,  false, '.*(q_proj|k_proj|v_proj|o_proj|down_proj).weight'",
        "golden_wide/qwen3-wide,    5,  false, '.*layers.1.*(q_proj|gate_proj|up_proj).weight'",
        "golden_wide/smollm3-wide,  16, true,  '.*(k_proj|up_proj).weight'",
        "golden_llama/llama-sharded, 5, true,  '.*proj.weight|lm_head.weight'",
        "golden/T6_odd,             5,  true,  '.*(W_A_q|W_B_k|W_B_v|c_proj|c_fc2).weight'",
        "golden/llama-gqa,          16, false, '.*(c_q|c_k|c_v|c_fc1).weight'",
        "golden/llama-mla,          5,  false, '.*(q_a_proj|kv_b_proj).weight'",
        "golden_mlra/tpa_odd,       1,  false, '.*mlp.*weight'",
        "golden_more/gemma3-nested, 5,  true,  '.*layers.[02].*(q_proj|down_proj).weight'",
        "golden_more/phi3-longrope, 5,  false, '.*(qkv_proj|gate_up_proj).weight'",
        "golden_more/qwen3moe-norm, 1,  false, '.*experts.[135].(gate_proj|down_proj).weight'",
        "golden_more/mixtral-top2,  5,  false, '.*(k_proj|experts.[02].w[123]).weight'"})
    void mergedLogitsAreThoseOfMergedFiles(String name, int rank, boolean stabilised, String names)
            throws IOException {
        Path model = TestData.path(name);
        List<Module> modules = modules(model, names, rank);
        Path adapter = AdapterFiles.writeModules(folder.resolve("adapter"),
                AdapterFiles.with("r", (long) rank, "use_rslora", stabilised), modules);
        Path merged = AdapterFiles.writeMerged(model, folder.resolve("merged"),
                merges(modules, 12 / (stabilised ? Math.sqrt(rank) : rank)));

        float[][] expected = logits(merged, f32());
        assertThat(logits(model, f32().withAdapter(adapter, 1))).as("seed %d", SEED).isDeepEqualTo(expected);
        assertThat(logits(model, f32().withAdapter(adapter, 1).withThreads(1).withLoad(ModelOptions.Load.MMAP)))
                .isDeepEqualTo(expected);
        assertThat(logits(model, f32())).isNotEqualTo(expected);
    }

    /** Each element is the float64 sum, rounded once: within half an ulp. */
    @Test
    void elementsAreTheSumRoundedOnce() throws IOException {
        Path model = TestData.path(LLAMA);
        List<Module> modules = modules(model, ".*(q_proj|down_proj).weight", 16);
        Path folders = AdapterFiles.writeModules(folder, AdapterFiles.with("r", 16L), modules);
        try (Checkpoint checkpoint = Checkpoint.open(model, false);
                Adapters adapters = new Adapters(false);
                Arena memory = Arena.ofConfined()) {
            NamedTensors tensors = ModelTensors.of(checkpoint, "model").tensors();
            ModelConfig config = Families.describe(tensors,
                    ModelMetadata.of(TestData.json(LLAMA + "/config.json"), null));
            adapters.add(folders, 0.3f);
            NamedTensors merged = adapters.merged(tensors, tensors.converted(DType.F32, name -> false),
                    Families.tensors(config));
            for (Module module : modules) {
                Tensor tensor = tensors.matrix(module.name() + ".weight");
                double[] exact = TestNumbers.doubles(tensor.toFloats());
                AdapterFiles.merge(tensor.toFloats(), module, 0.3f * (12 / 16.0), exact);
                float[] found = merged.reader().whole(tensor, memory).toFloats();
                for (int i = 0; i < exact.length; i++) {
                    assertThat(Math.abs(found[i] - exact[i])).as("seed %d, %s[%d]", SEED, module.name(), i)
                            .isLessThanOrEqualTo(0.5000001 * Math.ulp((float) exact[i]));
                }
                int first = 37; // any slice of rows has the elements of the whole
                assertThat(merged.reader().rows(tensor, first, 3, memory).toFloats())
                        .isEqualTo(Arrays.copyOfRange(found, first * module.inputs(),
                                (first + 3) * module.inputs()));
            }
        }
    }

    /** Matrices are rounded after the adapter was added, once. */
    @ParameterizedTest
    @EnumSource(WeightType.class)
    void typesAreThoseOfTheMergedModel(WeightType type) throws IOException {
        Path model = TestData.path(LLAMA);
        List<Module> modules = modules(model, ".*(q_proj|v_proj|down_proj).weight", 5);
        Path adapter = AdapterFiles.writeModules(folder.resolve("adapter"), AdapterFiles.CONFIG, modules);
        Path merged = AdapterFiles.writeMerged(model, folder.resolve("merged"), merges(modules, 12 / 5.0));

        ModelOptions options = ModelOptions.defaults().withWeightType(type).withThreads(2);
        assertThat(logits(model, options.withAdapter(adapter, 1))).as("seed %d", SEED)
                .isDeepEqualTo(logits(merged, options));
    }

    /** Without another type, the matrices keep theirs: this model has bf16. */
    @Test
    void matricesKeepTheirType() throws IOException {
        Path model = TestData.path(LLAMA);
        List<Module> modules = modules(model, ".*proj.weight", 5);
        Path adapter = AdapterFiles.writeModules(folder.resolve("adapter"), AdapterFiles.CONFIG, modules);
        Path merged = AdapterFiles.writeMerged(model, folder.resolve("merged"), merges(modules, 12 / 5.0));
        try (Model loaded = Model.load(model, ModelOptions.defaults().withAdapter(adapter, 1));
                Model plain = Model.load(model)) {
            assertThat(loaded.weightBytes()).isEqualTo(plain.weightBytes());
            assertThat(loaded.weightType()).isEqualTo(plain.weightType()).isEqualTo("bf16");
        }
        assertThat(logits(model, ModelOptions.defaults().withAdapter(adapter, 1)))
                .isDeepEqualTo(logits(merged, ModelOptions.defaults().withWeightType(WeightType.BF16)));
    }

    @Test
    void adaptersAddUp() throws IOException {
        Path model = TestData.path(LLAMA);
        List<Module> first = modules(model, ".*(q_proj|up_proj).weight", 5);
        List<Module> second = modules(model, ".*(q_proj|v_proj).weight", 3);
        Path one = AdapterFiles.writeModules(folder.resolve("one"), AdapterFiles.CONFIG, first);
        Path two = AdapterFiles.writeModules(folder.resolve("two"), AdapterFiles.with("r", 3L), second);
        List<Merge> merges = new ArrayList<>(merges(first, 0.25 * 12 / 5));
        merges.addAll(merges(second, -0.5 * 12 / 3));
        Path merged = AdapterFiles.writeMerged(model, folder.resolve("merged"), merges);

        ModelOptions options = f32().withAdapter(one, 0.25f).withAdapter(two, -0.5f);
        assertThat(options.adapters()).containsExactly(
                new ModelOptions.Adapter(one, 0.25f), new ModelOptions.Adapter(two, -0.5f));
        assertThat(logits(model, options)).as("seed %d", SEED).isDeepEqualTo(logits(merged, f32()));
        try (Model loaded = Model.load(model, options)) {
            assertThat(loaded.info().weightFormat()).endsWith(
                    ", adapter one × 0.25 (LoRA, rank 5, " + first.size() + " matrices), adapter two × -0.5 (LoRA, rank"
                            + " 3, " + second.size() + " matrices)");
        }
    }

    /** The first pattern that is the end of a module's name holds; ^ marks a whole name. */
    @Test
    void patternsGiveRanksAndAlphas() throws IOException {
        Path model = TestData.path(LLAMA);
        List<Module> modules = new ArrayList<>(modules(model, ".*layers.0.*(q_proj|k_proj).weight", 7, 2));
        modules.addAll(modules(model, ".*layers.1.*(q_proj|k_proj).weight", 5, 2));
        Path adapter = AdapterFiles.writeModules(folder.resolve("adapter"), AdapterFiles.with(
                "rank_pattern", Map.of("q_proj", 2L, "^model.layers.0.self_attn.k_proj", 7L),
                "alpha_pattern", Map.of("0.self_attn.q_proj", 3.5)), modules);
        List<Merge> merges = List.of(
                new Merge(modules.get(0), 12 / 7.0), new Merge(modules.get(1), 3.5 / 2),
                new Merge(modules.get(2), 12 / 5.0), new Merge(modules.get(3), 12 / 2.0));
        assertThat(modules).extracting(Module::name).containsExactly(
                "model.layers.0.self_attn.k_proj", "model.layers.0.self_attn.q_proj",
                "model.layers.1.self_attn.k_proj", "model.layers.1.self_attn.q_proj");
        Path merged = AdapterFiles.writeMerged(model, folder.resolve("merged"), merges);
        assertThat(logits(model, f32().withAdapter(adapter, 1))).as("seed %d", SEED)
                .isDeepEqualTo(logits(merged, f32()));
    }

    /** A saved session belongs to the model with its adapters, however little they change. */
    @Test
    void savedSessionsNameTheirAdapters() throws IOException {
        Path model = TestData.path(LLAMA);
        Path adapter = AdapterFiles.writeModules(folder.resolve("adapter"), AdapterFiles.CONFIG,
                modules(model, ".*layers.1.*v_proj.weight", 5));
        Path file = folder.resolve("session");
        ModelOptions options = ModelOptions.defaults().withAdapter(adapter, 1e-30f);
        try (Model loaded = Model.load(model, options); Session session = loaded.newSession()) {
            session.prefill(new int[] {1, 2, 3});
            session.save(file);
        }
        try (Model again = Model.load(model, options); Session session = again.newSession()) {
            session.restore(file);
            assertThat(session.position()).isEqualTo(3);
        }
        for (ModelOptions other : List.of(ModelOptions.defaults(), options.withAdapter(adapter, 0),
                ModelOptions.defaults().withAdapter(adapter, 2e-30f))) {
            try (Model loaded = Model.load(model, other); Session session = loaded.newSession()) {
                assertThatThrownBy(() -> session.restore(file)).isInstanceOf(ModelFormatException.class);
            }
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "peft_type             | '\"IA3\"'         | peft_type: expected LORA, found IA3",
        "bias                  | '\"all\"'         | bias: expected none, found all",
        "lora_bias             | true              | lora_bias: expected false, found true",
        "use_dora              | true              | use_dora: expected false, found true",
        "use_qalora            | true              | use_qalora: expected false, found true",
        "use_later_feature     | true              | use_later_feature: expected false, found true",
        "fan_in_fan_out        | true              | fan_in_fan_out: expected false, found true",
        "modules_to_save       | '[\"lm_head\"]'   | modules_to_save: expected none, found [lm_head]",
        "layer_replication     | [[0,1]]           | layer_replication: expected none, found [[0, 1]]",
        "target_parameters     | '[\"experts\"]'   | target_parameters: expected none, found [experts]",
        "trainable_token_indices | [5]             | trainable_token_indices: expected none, found [5]",
        "alora_invocation_tokens | [5]             | alora_invocation_tokens: expected none, found [5]",
        "rank_pattern          | '{\"q.*\": 3}'    | rank_pattern: expected names of modules, such as q_proj, found q.*",
        "alpha_pattern         | '{\"[qk]\": 3}'   | alpha_pattern: expected names of modules, such as q_proj, found [qk]"})
    void otherThanPlainAdaptersAreNamed(String key, String value, String message) throws IOException {
        Object parsed = Json.parseObject(("{\"x\": " + value + "}").getBytes(StandardCharsets.UTF_8), "x").get("x");
        assertRejected(AdapterFiles.with(key, parsed), modules(TestData.path(LLAMA), ".*q_proj.weight", 5),
                "adapter_config.json: " + message
                        + ": merge it into its model with PEFT (merge_and_unload), and load the saved model");
    }

    @Test
    void initialisationsThatChangeTheModelAreNamed() throws IOException {
        assertRejected(AdapterFiles.with("init_lora_weights", "pissa_niter_4"),
                modules(TestData.path(LLAMA), ".*q_proj.weight", 5),
                "init_lora_weights: expected true, false, gaussian, eva or orthogonal, found pissa_niter_4, which also"
                        + " changes the model: save the adapter with PEFT's path_initial_model_for_weight_conversion");
    }

    private void assertRejected(Map<String, Object> config, List<Module> modules, String message)
            throws IOException {
        assertRejected(AdapterFiles.writeModules(folder.resolve("adapter"), config, modules), message);
    }

    private static void assertRejected(Path adapter, String message) {
        assertThatThrownBy(() -> Model.load(TestData.path(LLAMA), ModelOptions.defaults().withAdapter(adapter, 1)))
                .isInstanceOfSatisfying(ModelFormatException.class,
                        wrong -> assertThat(wrong.path()).contains(adapter))
                .hasMessageStartingWith(adapter.toString()).hasMessageContaining(message);
    }

    private Path adapter(Tensor... tensors) throws IOException {
        return AdapterFiles.write(folder.resolve("adapter"), AdapterFiles.CONFIG, List.of(tensors));
    }

    private static Tensor tensor(String name, long... shape) {
        int elements = 1;
        for (long size : shape) {
            elements *= (int) size;
        }
        return Tensor.of("base_model.model." + name, new float[elements], shape);
    }

    @Test
    void matricesOfAnotherModelAreNamed() throws IOException {
        Path other = TestData.path("golden_llama/qwen3-norm");
        String hint = ": use the model that the adapter was trained on, according to adapter_config.json org/base";
        assertRejected(adapter(tensor("model.layers.77.mlp.up_proj.lora_A.weight", 5, 8),
                tensor("model.layers.77.mlp.up_proj.lora_B.weight", 8, 5)),
                "model.layers.77.mlp.up_proj: expected a matrix of " + TestData.path(LLAMA)
                        + ", found no such tensor in it" + hint);
        List<Module> modules = modules(other, "model.layers.0.mlp.up_proj.weight", 5);
        Module module = modules.getFirst();
        List<Long> shape;
        try (Checkpoint checkpoint = Checkpoint.open(TestData.path(LLAMA), false)) {
            shape = checkpoint.tensors().get(module.name() + ".weight").shape();
        }
        assertRejected(AdapterFiles.CONFIG, modules,
                "model.layers.0.mlp.up_proj: expected lora_A [5, " + shape.getLast()
                        + "] and lora_B [" + shape.getFirst() + ", 5] for a matrix " + shape + " and rank 5, found [5, "
                        + module.inputs() + "] and [" + module.outputs() + ", 5]" + hint);
        assertRejected(AdapterFiles.with("r", 4L), modules(TestData.path(LLAMA), ".*layers.0.*q_proj.weight", 5),
                "and rank 4, found [5, ");
        assertRejected(AdapterFiles.with("r", 100_000L), modules(TestData.path(LLAMA), ".*layers.0.*q_proj.weight", 5),
                "q_proj: expected a rank of at most ");
    }

    @Test
    void otherTensorsAreNamed() throws IOException {
        String remedy = ": merge it into its model with PEFT (merge_and_unload), and load the saved model";
        String expected = ": expected matrices lora_A and lora_B of modules, found base_model.model.";
        for (String name : List.of("model.layers.0.self_attn.q_proj.lora_magnitude_vector",
                "model.embed_tokens.lora_embedding_A", "lm_head.modules_to_save.weight",
                "model.layers.0.self_attn.q_proj.lora_B.bias")) {
            assertRejected(adapter(tensor(name, 8, 8)), expected + name + remedy);
        }
        assertRejected(adapter(tensor("model.layers.0.mlp.up_proj.lora_A.weight", 5, 8)),
                "model.layers.0.mlp.up_proj: expected lora_A and lora_B, found no lora_B: the adapter is incomplete");
        assertRejected(adapter(tensor("model.layers.0.mlp.up_proj.lora_B.weight", 8, 5)), "found no lora_A");
        assertRejected(adapter(tensor("model.layers.0.mlp.up_proj.lora_B.weight", 40)),
                "base_model.model.model.layers.0.mlp.up_proj.lora_B.weight: expected a matrix of f32, f16 or bf16,"
                        + " found f32 of shape [40]");
        assertRejected(adapter(), "expected matrices lora_A and lora_B, found none");
        assertRejected(adapter(tensor("model.embed_tokens.lora_A.weight", 5, 8),
                tensor("model.embed_tokens.lora_B.weight", 8, 5)),
                "model.embed_tokens: expected a matrix of a layer, or an untied output matrix, found the embedding"
                        + remedy);
        assertRejected(adapter(tensor("model.norm.lora_A.weight", 5, 8), tensor("model.norm.lora_B.weight", 8, 5)),
                "model.norm: expected a matrix, found a tensor of shape [");
    }

    @Test
    void foldersWithoutAnAdapterAreNamed() throws IOException {
        assertRejected(folder.resolve("none"), ": expected the folder of a LoRA adapter of PEFT, found no"
                + " adapter_model.safetensors in it");
        Path adapter = adapter(tensor("x.lora_A.weight", 1, 1));
        Files.delete(adapter.resolve("adapter_config.json"));
        assertRejected(adapter, "found no adapter_config.json in it");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ModelOptions.defaults().withAdapter(adapter, Float.NaN))
                .withMessage("scale: expected a finite number, found NaN");
    }

    /** Quantised matrices are rounded a second time, which a note says. */
    @Test
    void aNoteSaysThatBlocksAreRoundedAgain() throws IOException {
        Path file = TestData.path("golden_llama/gguf-llama3/model-q8_0.gguf");
        Module stored = modules(file, "blk.1.attn_k.weight", 5).getFirst();
        Path adapter = AdapterFiles.writeModules(folder.resolve("adapter"), AdapterFiles.CONFIG, List.of(
                new Module("model.layers.1.self_attn.k_proj", stored.outputs(), stored.inputs(), 5, stored.a(),
                        stored.b())));
        try (Model model = Model.load(file, ModelOptions.defaults().withAdapter(adapter, 1))) {
            assertThat(model.notes()).anyMatch(note -> note.contains("rounded again after the adapter was added"));
            assertThat(model.weightType()).isEqualTo("q8_0");
        }
    }
}
