package io.github.t6j.cli.hub;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;

/**
 * Finds the GGUF files of one quantisation by their names: {@code model-Q4_K_M.gguf}, {@code model.q4_k_m.gguf}, or all
 * of a folder {@code Q4_K_M}. A large model has several files, such as {@code model-Q8_0-00001-of-00003.gguf}.
 */
final class Quantization {
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9_.-]{0,39}");
    private static final Pattern SHARD = Pattern.compile("(?i)-\\d{5}-of-(\\d{5})(?=\\.gguf$)");
    /** Beginning of the name of a file with the part of a model that reads images. */
    private static final String IMAGES = "mmproj";

    private Quantization() {}

    static boolean isName(String text) {
        return NAME.matcher(text).matches();
    }

    /** Returns the models of a quantisation, in upper or lower case; each is the paths of its files in order. */
    static List<List<String>> find(String quantization, Collection<String> paths) {
        Pattern part = Pattern.compile(
                "(?i)(?<![A-Za-z0-9])" + Pattern.quote(quantization) + "(?![A-Za-z0-9_])");
        List<String> gguf = paths.stream().filter(path -> ModelName.isGguf(path) && !isForImages(path)).toList();
        List<String> found = gguf.stream().filter(path -> part.matcher(fileName(path)).find()).toList();
        return models(found.isEmpty() ? gguf.stream().filter(path -> part.matcher(path).find()).toList() : found);
    }

    /** Returns GGUF files grouped by model. */
    static List<List<String>> models(Collection<String> paths) {
        Map<String, List<String>> models = new TreeMap<>();
        paths.stream().sorted().forEach(path -> models
                .computeIfAbsent(SHARD.matcher(path).replaceFirst(""), name -> new ArrayList<>()).add(path));
        return List.copyOf(models.values());
    }

    /** Returns the files of the model that {@code path} belongs to: itself, or all of its parts. */
    static List<String> modelOf(String path, Collection<String> paths) {
        String model = SHARD.matcher(path).replaceFirst("");
        return paths.stream().filter(other -> SHARD.matcher(other).replaceFirst("").equals(model)
                && SHARD.matcher(other).find() == SHARD.matcher(path).find()).sorted().toList();
    }

    /** Returns the number of files that the model of {@code path} has according to its name. */
    static int shards(String path) {
        var shard = SHARD.matcher(path);
        return shard.find() ? Integer.parseInt(shard.group(1)) : 1;
    }

    private static boolean isForImages(String path) {
        return fileName(path).toLowerCase(Locale.ROOT).startsWith(IMAGES);
    }

    private static String fileName(String path) {
        return path.substring(path.lastIndexOf('/') + 1);
    }
}
