package io.github.t6j.cli;

import io.github.t6j.RopeVariant;
import io.github.t6j.family.VariantJson;
import io.github.t6j.json.Json;
import io.github.t6j.weights.SmallFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/** {@code t6j.json} in a folder: says which variant a model is, since nothing else in its files can. */
final class VariantFile {
    static final String NAME = "t6j.json";

    private VariantFile() {}

    /** What the folder's t6j.json says; without one, nothing. */
    static VariantJson read(Path folder) {
        Path file = folder.resolve(NAME);
        return Files.exists(file, LinkOption.NOFOLLOW_LINKS) ? parse(file) : VariantJson.none();
    }

    /** @throws io.github.t6j.ModelFormatException for keys or values that it cannot have */
    static VariantJson parse(Path file) {
        return new VariantJson(Json.parseObject(SmallFile.read(file, SmallFile.CONFIG), file.toString()),
                file.toString());
    }

    /** Says so if {@code said} is another variant than t6j.json's. */
    static void noteOther(Main main, RopeVariant said, VariantJson json, Path folder) {
        if (said != null && json.variant() != null && said != json.variant()) {
            main.note("note: --variant " + said.word() + " is used, though " + folder.resolve(NAME) + " says "
                    + json.variant().word());
        }
    }

    /**
     * The same with the variant's name: what the user says, else t6j.json, else what the keys of config.json leave.
     *
     * @throws CommandFailure if they leave two
     */
    static VariantJson resolve(RopeVariant said, VariantJson json, Path folder, Map<String, Object> config) {
        if (said != null) {
            return json.with("variant", said.word());
        }
        if (json.variant() != null) {
            return json;
        }
        if (config.containsKey("rope_decay_base")) {
            throw new CommandFailure(folder + ": config.json has rope_decay_base, which leaves two variants: say "
                    + "--variant partialrope-decay or --variant linearattn");
        }
        boolean partial = config.containsKey("rope_partial_factor");
        return json.with("variant", (partial ? RopeVariant.PARTIALROPE : RopeVariant.FULL).word());
    }

    static void write(Path file, VariantJson json) throws IOException {
        Map<String, Object> keys = new LinkedHashMap<>();
        keys.put("format", 1L);
        keys.putAll(json.keys());
        Files.writeString(file, Json.write(keys));
    }
}
