package io.github.t6j.cli.config;

import io.github.t6j.cli.config.Settings.Setting;
import io.github.t6j.cli.io.CommandFailure;
import io.github.t6j.cli.io.Errors;
import io.github.t6j.cli.io.Similar;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** Reads a configuration file: {@code key = value} on each line; lines that begin with # are comments. */
final class ConfigFile {
    private final Path file;
    private final String home; // replaces ~ in paths, or null
    private final Map<Key, Setting> settings = new EnumMap<>(Key.class);

    private ConfigFile(Path file, String home) {
        this.file = file;
        this.home = home;
    }

    /**
     * Returns the settings in {@code file}, none if it is missing.
     *
     * @param home the user's folder, which ~ stands for, or null
     * @throws CommandFailure if the file cannot be read, or a line is wrong
     */
    static Map<Key, Setting> read(Path file, String home) {
        ConfigFile found = new ConfigFile(file, home);
        List<String> lines;
        try {
            lines = Files.readAllLines(file);
        } catch (NoSuchFileException missing) {
            return found.settings;
        } catch (CharacterCodingException malformed) {
            throw new CommandFailure(file + ": expected text in UTF-8, found other bytes", malformed);
        } catch (IOException e) {
            throw Errors.failure(file, "cannot be read", e);
        }
        for (int i = 0; i < lines.size(); i++) {
            found.add(lines.get(i).strip(), file + ":" + (i + 1));
        }
        return found.settings;
    }

    private void add(String line, String where) {
        if (line.isEmpty() || line.startsWith("#")) {
            return;
        }
        String[] parts = line.split("=", 2);
        if (parts.length < 2) {
            throw new CommandFailure(where + ": expected key = value, found \"" + line + "\"");
        }
        Key key = key(parts[0].strip(), where);
        String value = parts[1].strip();
        if (!key.accepts(value)) {
            throw new CommandFailure(where + ": " + key.word() + ": expected " + key.expected() + ", found "
                    + (value.isEmpty() ? "nothing" : "\"" + value + "\""));
        }
        boolean isOfHome = key == Key.MODEL && home != null && (value.equals("~") || value.startsWith("~/"));
        Setting before = settings.put(key, new Setting(isOfHome ? home + value.substring(1) : value, where));
        if (before != null) {
            throw new CommandFailure(where + ": duplicate key " + key.word() + ", first in " + before.source());
        }
    }

    private static Key key(String word, String where) {
        return Key.of(word).orElseThrow(() -> {
            List<String> similar = Similar.to(word, Key.words(), 2);
            return new CommandFailure(
                    where + ": expected one of the keys " + String.join(", ", Key.words()) + ", found "
                            + word + (similar.isEmpty() ? "" : "; did you mean " + String.join(" or ", similar) + "?"));
        });
    }
}
