package io.github.t6j.weights;

import io.github.t6j.ModelFormatException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads files of a model's folder that are copied unchanged to another model. A symbolic link may point to a file in
 * the folder. If the folder is a snapshot of a Hugging Face repository, or lies in one, the link may also point to the
 * repository's blobs: models--NAME/snapshots/REVISION/FILE → ../../blobs/HASH. Any other link is refused, because it
 * could leak a private file of this machine into a published model.
 */
public final class CopiedFile {
    private static final List<String> TOKENIZER_FILES = List.of(
            "tokenizer.json", "tokenizer.model", "tokenizer_config.json", "special_tokens_map.json",
            "added_tokens.json",
            "vocab.json", "merges.txt", "encoder.json", "vocab.bpe", "chat_template.jinja", "chat_template.json");

    private CopiedFile() {}

    /**
     * Returns the tokenizer files of {@code folder}, by name.
     *
     * @throws ModelFormatException as {@link #read}
     */
    public static Map<String, byte[]> tokenizer(Path folder) {
        return existing(folder, TOKENIZER_FILES, SmallFile.TOKENIZER);
    }

    /**
     * Returns generation_config.json of {@code folder} (sampling defaults and end ids), by name; empty if it is
     * missing.
     *
     * @throws ModelFormatException as {@link #read}
     */
    public static Map<String, byte[]> generation(Path folder) {
        return existing(folder, List.of("generation_config.json"), SmallFile.CONFIG);
    }

    /**
     * Returns the files of {@code folder} that state the pooling of embeddings, by name; empty if they are missing.
     *
     * @throws ModelFormatException as {@link #read}
     */
    public static Map<String, byte[]> embedding(Path folder) {
        return existing(folder, List.of("modules.json", "1_Pooling/config.json"), SmallFile.CONFIG);
    }

    /**
     * Returns the template for tools of {@code folder}, by name; empty if chat_template.jinja is its only template.
     *
     * @throws ModelFormatException as {@link #read}
     */
    public static Map<String, byte[]> toolTemplate(Path folder) {
        return existing(folder, List.of("additional_chat_templates/tool_use.jinja"), SmallFile.CONFIG);
    }

    /**
     * Returns chat_template.jinja of {@code folder}, with the special tokens, sampling and end ids that belong to it,
     * by name; empty if the folder has no such template.
     *
     * @throws ModelFormatException as {@link #read}
     */
    public static Map<String, byte[]> chat(Path folder) {
        return Files.exists(folder.resolve("chat_template.jinja"), LinkOption.NOFOLLOW_LINKS)
                ? existing(folder, List.of("chat_template.jinja", "tokenizer_config.json", "generation_config.json"),
                        SmallFile.TOKENIZER)
                : Map.of();
    }

    private static Map<String, byte[]> existing(Path folder, List<String> names, int longest) {
        Map<String, byte[]> files = new LinkedHashMap<>();
        for (String name : names) {
            if (Files.exists(folder.resolve(name), LinkOption.NOFOLLOW_LINKS)) {
                files.put(name, read(folder, name, longest));
            }
        }
        return files;
    }

    /**
     * Returns the bytes of the file {@code name}.
     *
     * @throws ModelFormatException if a link leads elsewhere, the file is not a regular file, or it is longer than
     *     {@code longest} bytes
     * @throws java.io.UncheckedIOException if it cannot be read
     */
    public static byte[] read(Path folder, String name, int longest) {
        Path file = folder.resolve(name);
        byte[] bytes = SmallFile.read(file, longest);
        try {
            Path home = folder.toRealPath();
            Path real = file.toRealPath();
            if (!real.startsWith(home) && !isBlob(real, home)) {
                throw new ModelFormatException(file + ": expected a file in this folder or in the blobs of its Hugging "
                        + "Face repository, found a link to " + real + ": replace the link with a copy of the file");
            }
            return bytes;
        } catch (IOException e) {
            throw FileBytes.failed(file, "cannot be read", e);
        }
    }

    private static boolean isBlob(Path real, Path home) {
        for (Path at = home; at.getParent() != null; at = at.getParent()) {
            Path snapshots = at.getParent();
            Path repository = snapshots.getParent();
            if (snapshots.endsWith("snapshots") && repository != null && repository.getFileName() != null
                    && repository.getFileName().toString().startsWith("models--")) {
                return real.startsWith(repository.resolve("blobs"));
            }
        }
        return false;
    }
}
