package io.github.t6j;

import static java.util.stream.Collectors.joining;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.module.ModuleDescriptor;
import java.lang.module.ModuleDescriptor.Exports;
import java.lang.module.ModuleFinder;
import java.lang.reflect.Constructor;
import java.lang.reflect.Field;
import java.lang.reflect.Member;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.lang.reflect.Type;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;

/** Public API of a module, compared with its api.txt, so that changes are noticed. */
public final class PublicApi {
    /** Methods of Object, which every class has. */
    private static final Set<String> OF_OBJECT = Set.of("equals", "hashCode", "toString");

    private static boolean isVisible(int modifiers) {
        return Modifier.isPublic(modifiers) || Modifier.isProtected(modifiers);
    }

    private static String joined(String word, Type... types) {
        return types.length == 0 ? "" : Arrays.stream(types).map(Type::getTypeName).collect(joining(", ", word, ""));
    }

    /**
     * Returns the declaration of a type as in source; a record's includes the components, whose order is part of the
     * API.
     */
    private static String declaration(Class<?> type) {
        String components = !type.isRecord()
                ? ""
                : Arrays.stream(type.getRecordComponents())
                        .map(component -> component.getGenericType().getTypeName() + " " + component.getName())
                        .collect(joining(", ", "(", ")"));
        Type parent = type.getGenericSuperclass();
        boolean implied = parent == null || parent == Object.class || type.isRecord() || type.isEnum();
        return type.toGenericString() + components
                + (implied ? "" : joined(" extends ", parent))
                + joined(type.isInterface() ? " extends " : " implements ", type.getGenericInterfaces())
                + (type.isSealed() ? joined(" permits ", type.getPermittedSubclasses()) : "");
    }

    private static <M extends Member> Stream<String> visible(M[] members, Function<M, String> signature) {
        return Arrays.stream(members)
                .filter(member -> isVisible(member.getModifiers()) && !member.isSynthetic())
                .filter(member -> !(member instanceof Method && OF_OBJECT.contains(member.getName())))
                .map(signature);
    }

    /** Lists a type, its members, then its nested types. */
    private static void list(Class<?> type, List<String> lines) {
        assertThat(type.isInterface() || isVisible(type.getSuperclass().getModifiers()))
                .as(type + " inherits from a hidden class, whose members the list would miss").isTrue();
        lines.add(shortened(declaration(type)));
        Stream.of(
                visible(type.getDeclaredFields(), Field::toGenericString),
                visible(type.getDeclaredConstructors(), Constructor::toGenericString),
                visible(type.getDeclaredMethods(), Method::toGenericString))
                .flatMap(members -> members)
                .map(member -> "    " + shortened(member.replace(type.getTypeName() + ".", "")))
                .sorted()
                .forEach(lines::add);
        Arrays.stream(type.getDeclaredClasses())
                .filter(nested -> isVisible(nested.getModifiers()))
                .sorted((a, b) -> a.getName().compareTo(b.getName()))
                .forEach(nested -> list(nested, lines));
    }

    private static String shortened(String signature) {
        return signature.replaceAll("\\bjava\\.lang\\.(?=[A-Z])", "").replace("io.github.t6j.", "");
    }

    private final Path folder;
    private final ModuleDescriptor module;

    /** @param folder Maven module in the project's folder, such as {@code engine/core} */
    public PublicApi(String folder) {
        this.folder = TestData.path("..").resolve(folder).normalize();
        module = ModuleFinder.of(this.folder.resolve("target/classes")).findAll().iterator().next().descriptor();
    }

    /** Returns the module's declaration. */
    public ModuleDescriptor module() {
        return module;
    }

    private List<String> signatures() throws IOException, ClassNotFoundException {
        List<String> lines = new ArrayList<>();
        List<String> packages = module.exports().stream()
                .filter(export -> !export.isQualified()).map(Exports::source).sorted().toList();
        for (String name : packages) {
            lines.add("package " + name);
            Path sources = folder.resolve("src/main/java").resolve(name.replace('.', '/'));
            List<String> files;
            try (Stream<Path> all = Files.list(sources)) {
                files = all.map(file -> file.getFileName().toString())
                        .filter(file -> file.endsWith(".java") && !file.equals("package-info.java")).sorted().toList();
            }
            for (String file : files) {
                Class<?> type = Class.forName(name + "." + file.substring(0, file.length() - 5));
                if (isVisible(type.getModifiers())) {
                    list(type, lines);
                }
            }
        }
        return lines;
    }

    /** Asserts that api.txt lists the public signatures. */
    public void assertListed() throws IOException, ClassNotFoundException {
        List<String> found = signatures();
        Files.write(folder.resolve("target/api.txt"), found);
        assertThat(found)
                .as("api.txt: expected the listed public signatures, found others:"
                        + " if the change is intended, add it to CHANGELOG.md"
                        + " and copy target/api.txt to api.txt in " + folder)
                .containsExactlyElementsOf(Files.readAllLines(folder.resolve("api.txt")));
    }
}
