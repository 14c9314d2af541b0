package io.github.t6j.cli.hub;

import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Name of a model on a hub: {@code ORG/NAME[/FOLDER | /FILE.gguf][:QUANT][@REVISION]}, a short name, or {@code NAME}
 * for the few without an owner.
 *
 * @param repository name of the repository, such as Qwen/Qwen3-0.6B
 * @param inside folder or file in the repository, empty for its root
 * @param quantization quantisation of a GGUF file among several, such as Q4_K_M, or empty
 * @param revision branch, tag or commit
 */
public record ModelName(String repository, String inside, String quantization, String revision) {
    /** Default revision. */
    public static final String MAIN = "main";
    /** Form of a name, for messages. */
    public static final String FORM = "ORG/NAME, ORG/NAME:QUANT, ORG/NAME/FOLDER, ORG/NAME/FILE.gguf or a short name";

    private static final Pattern PART = Pattern.compile("\\w(?:[\\w.-]{0,94}\\w)?");

    /** Returns the name in {@code text}, if it is one. */
    public static Optional<ModelName> parse(String text) {
        int at = text.indexOf('@');
        String revision = at < 0 ? MAIN : text.substring(at + 1);
        String given = at < 0 ? text : text.substring(0, at);
        String name = given.contains("/") ? given : ShortNames.expand(given).orElse(given);
        int colon = name.lastIndexOf(':');
        String quantization = colon < 0 ? "" : name.substring(colon + 1);
        String[] parts = (colon < 0 ? name : name.substring(0, colon)).split("/", 3);
        String repository = parts.length == 1 ? parts[0] : parts[0] + "/" + parts[1];
        String inside = parts.length < 3 ? "" : parts[2].replaceFirst("/$", "");
        for (int i = 0; i < Math.min(2, parts.length); i++) {
            if (!isPart(parts[i])) {
                return Optional.empty();
            }
        }
        boolean isQuantized = colon < 0 || parts.length > 1 && Quantization.isName(quantization) && !isGguf(inside);
        if (!isQuantized || !inside.isEmpty() && FileNames.rejectionReason(inside) != null
                || FileNames.rejectionReason(revision) != null) {
            return Optional.empty();
        }
        return Optional.of(new ModelName(repository, inside, quantization, revision));
    }

    private static boolean isPart(String part) {
        return PART.matcher(part).matches() && !part.contains("--") && !part.contains("..") && !part.endsWith(".git");
    }

    /** Returns true if it has the form ORG/NAME: a hub has no others, but its cache may. */
    public boolean hasOwner() {
        return repository.indexOf('/') >= 0;
    }

    /** Returns the same model at another revision. */
    public ModelName at(String target) {
        return new ModelName(repository, inside, quantization, target);
    }

    /** Returns the name of the folder with all quantisations. */
    ModelName unquantized() {
        return new ModelName(repository, inside, "", revision);
    }

    /** Returns true if the name means a file, not a folder. */
    boolean isFile() {
        return isGguf(inside);
    }

    boolean isQuantized() {
        return !quantization.isEmpty();
    }

    static boolean isGguf(String name) {
        return name.toLowerCase(Locale.ROOT).endsWith(".gguf");
    }

    /** Returns the name without the quantisation and the revision. */
    String path() {
        return inside.isEmpty() ? repository : repository + "/" + inside;
    }

    @Override
    public String toString() {
        return path() + (isQuantized() ? ":" + quantization : "") + (revision.equals(MAIN) ? "" : "@" + revision);
    }
}
