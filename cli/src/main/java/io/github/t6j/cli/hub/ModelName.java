package io.github.t6j.cli.hub;

import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Name of a model on a hub: {@code ORG/NAME[/FOLDER | /FILE.gguf][@REVISION]}, or {@code NAME} for the few without an
 * owner.
 *
 * @param repository name of the repository, such as Qwen/Qwen3-0.6B
 * @param inside folder or file in the repository, empty for its root
 * @param revision branch, tag or commit
 */
public record ModelName(String repository, String inside, String revision) {
    /** Default revision. */
    public static final String MAIN = "main";
    /** Form of a name, for messages. */
    public static final String FORM = "ORG/NAME, ORG/NAME/FOLDER or ORG/NAME/FILE.gguf";

    private static final Pattern PART = Pattern.compile("\\w(?:[\\w.-]{0,94}\\w)?");

    /** Returns the name in {@code text}, if it is one. */
    public static Optional<ModelName> parse(String text) {
        int at = text.indexOf('@');
        String revision = at < 0 ? MAIN : text.substring(at + 1);
        String[] parts = (at < 0 ? text : text.substring(0, at)).split("/", 3);
        String repository = parts.length == 1 ? parts[0] : parts[0] + "/" + parts[1];
        String inside = parts.length < 3 ? "" : parts[2].replaceFirst("/$", "");
        for (int i = 0; i < Math.min(2, parts.length); i++) {
            if (!isPart(parts[i])) {
                return Optional.empty();
            }
        }
        if (!inside.isEmpty() && FileNames.trouble(inside) != null || FileNames.trouble(revision) != null) {
            return Optional.empty();
        }
        return Optional.of(new ModelName(repository, inside, revision));
    }

    private static boolean isPart(String part) {
        return PART.matcher(part).matches() && !part.contains("--") && !part.contains("..") && !part.endsWith(".git");
    }

    /** Returns whether it has the form ORG/NAME: a hub has no others, but its cache may. */
    public boolean hasOwner() {
        return repository.indexOf('/') >= 0;
    }

    /** Returns the same model at another revision. */
    public ModelName at(String other) {
        return new ModelName(repository, inside, other);
    }

    /** Returns whether the name is that of a file, not a folder. */
    boolean isFile() {
        return isGguf(inside);
    }

    static boolean isGguf(String name) {
        return name.toLowerCase(Locale.ROOT).endsWith(".gguf");
    }

    /** Returns the name without the revision. */
    String path() {
        return inside.isEmpty() ? repository : repository + "/" + inside;
    }

    @Override
    public String toString() {
        return revision.equals(MAIN) ? path() : path() + "@" + revision;
    }
}
