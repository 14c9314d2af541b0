package io.github.t6j.training;

import io.github.t6j.ModelFormatException;
import io.github.t6j.family.NewModel;
import io.github.t6j.family.registry.Families;
import io.github.t6j.model.ModelConfig;
import io.github.t6j.tokenizer.Tokenizer;
import io.github.t6j.training.assembly.SupportedModels;
import io.github.t6j.training.files.ModelFiles;
import io.github.t6j.training.files.ModelSource;
import io.github.t6j.training.lora.AdapterCheckpoint;
import io.github.t6j.training.lora.FrozenWeights;
import io.github.t6j.training.lora.NewAdapter;
import io.github.t6j.training.presets.Presets;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;

/** Factory of trainers of presets, models, adapters and checkpoints, which {@link Trainer} documents. */
final class Trainers {
    private static final int ROUNDED_VOCABULARY = 64;

    private Trainers() {}

    static Trainer ofPreset(String preset, Path tokenizer, TrainingOptions options, int threads) {
        long ids = Math.ceilDiv(Tokenizer.load(tokenizer).size(), ROUNDED_VOCABULARY) * (long) ROUNDED_VOCABULARY;
        NewModel model = fitted(Presets.of(preset), ids, options.batches().context());
        ModelFiles files = ModelFiles.of(model.configJson("float32"), model.variant()).withTokenizer(tokenizer);
        ModelConfig config = Families.describe(model);
        return filled(
                ofAllWeights(files, config, options, threads),
                trainer -> options.initialization().draw(config, trainer.parameters(), options.seed()));
    }

    /** Returns a preset with this number of ids, and with this context length unless it is 0. */
    static NewModel fitted(NewModel preset, long ids, long context) {
        Map<String, Object> config = new TreeMap<>(preset.config());
        config.keySet().removeAll(ModelSource.TOKENIZER_KEYS);
        config.put("vocab_size", ids);
        ModelSource.CONTEXT_KEYS.forEach(key -> config.computeIfPresent(
                key, (_, length) -> context == 0 ? length : context));
        return preset.with(config, preset.variant());
    }

    static Trainer ofModel(Trainer.Base base, TrainingOptions options, int threads) {
        try (ModelSource source = open(base)) {
            ModelFiles files = source.files(base.tokenizer().orElse(null), options.batches().context());
            return filled(
                    ofAllWeights(files, source.config(), options, threads),
                    trainer -> source.copy(trainer.tensors()));
        } catch (ModelFormatException wrong) {
            throw wrong.of(base.path());
        }
    }

    private static ModelSource open(Trainer.Base base) {
        return new ModelSource(base.path(), base.variant().orElse(null));
    }

    static Trainer ofAdapters(Trainer.Base base, LoraOptions lora, TrainingOptions options, int threads) {
        NewAdapter adapter =
                new NewAdapter(lora.rank(), lora.alpha(), base.path().toAbsolutePath().normalize().toString());
        try (ModelSource source = open(base)) {
            base.tokenizer().ifPresent(source::checkTokenizer);
            return filled(
                    ofAdapters(source, base, adapter, options, threads, null),
                    trainer -> Initialization.drawAdapters(trainer.parameters(), options.seed()));
        } catch (ModelFormatException wrong) {
            throw wrong.of(base.path());
        }
    }

    static Trainer ofCheckpoint(Path checkpoint, int threads) {
        try {
            TrainingCheckpoint saved = TrainingCheckpoint.open(checkpoint);
            TrainingJson json = saved.json();
            return NewAdapter.isIn(checkpoint)
                    ? restoredAdapters(saved, json.options(), threads)
                    : restoredWeights(saved, json.options(), threads);
        } catch (ModelFormatException wrong) {
            throw wrong.of(checkpoint);
        }
    }

    private static Trainer restoredWeights(TrainingCheckpoint saved, TrainingOptions options, int threads) {
        try (ModelSource source = new ModelSource(saved.folder(), null)) {
            ModelFiles files = source.files(null, 0);
            return filled(ofAllWeights(files, source.config(), options, threads), trainer -> {
                source.copy(trainer.tensors());
                trainer.restoreState(saved);
            });
        }
    }

    private static Trainer restoredAdapters(TrainingCheckpoint saved, TrainingOptions options, int threads) {
        AdapterCheckpoint adapter = AdapterCheckpoint.open(saved.folder());
        Trainer.Base base = new Trainer.Base(adapter.model(), Optional.ofNullable(adapter.variant()),
                Optional.of(saved.folder()).filter(Tokenizer::existsIn));
        try (ModelSource source = open(base)) {
            return filled(
                    ofAdapters(source, base, adapter.adapter(), options, threads, adapter.checksum()),
                    trainer -> {
                        trainer.addFiles(saved.folder());
                        adapter.read(trainer.tensors());
                        trainer.restoreState(saved);
                    });
        }
    }

    private static Trainer ofAllWeights(ModelFiles files, ModelConfig config, TrainingOptions options, int threads) {
        return new Trainer(
                files, config, options, threads, null, 0,
                n -> TrainableModel.of(config, Families.tensors(config), n));
    }

    /** @param checksum expected checksum of the base, or null */
    private static Trainer ofAdapters(
            ModelSource source, Trainer.Base base, NewAdapter adapter, TrainingOptions options, int threads,
            String checksum) {
        ModelConfig config = source.config();
        SupportedModels.check(config);
        TrainingLimits.checkMemory(config, Trainer.withContext(options, config).batches(), adapter.rank());
        FrozenWeights frozen = source.frozen();
        try {
            AdapterCheckpoint.check(base.path(), checksum, frozen);
            ModelFiles files = source.files(adapter, base.tokenizer().orElse(null),
                    AdapterCheckpoint.metadata(base.variant().orElse(null), frozen));
            return new Trainer(
                    files, config, options, threads, base, adapter.rank(),
                    n -> TrainableModel.adapted(config, Families.tensors(config), frozen, adapter, n));
        } catch (RuntimeException | Error failure) {
            frozen.close();
            throw failure;
        }
    }

    /** Fills a new trainer with values; closes it if that fails. */
    private static Trainer filled(Trainer trainer, Consumer<Trainer> values) {
        try {
            values.accept(trainer);
            return trainer;
        } catch (RuntimeException | Error failure) {
            trainer.close();
            throw failure;
        }
    }
}
