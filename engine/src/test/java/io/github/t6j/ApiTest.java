package io.github.t6j;

import static java.util.stream.Collectors.joining;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.module.ModuleDescriptor;
import java.lang.module.ModuleDescriptor.Exports;
import java.lang.module.ModuleDescriptor.Requires;
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
import org.junit.jupiter.api.Test;

/**
 * Tests that engine/api.txt lists the public API, so that changes are noticed, and that the module needs only the JDK.
 */
class ApiTest {
    private static final Path ENGINE = TestData.path("..").resolve("engine").normalize();
    /** Methods of Object, which every class has. */
    private static final Set<String> OF_OBJECT = Set.of("equals", "hashCode", "toString");

    private final ModuleDescriptor module = Model.class.getModule().getDescriptor();

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

    private List<String> api() throws IOException, ClassNotFoundException {
        List<String> lines = new ArrayList<>();
        List<String> packages = module.exports().stream()
                .filter(export -> !export.isQualified()).map(Exports::source).sorted().toList();
        for (String name : packages) {
            lines.add("package " + name);
            Path folder = ENGINE.resolve("src/main/java").resolve(name.replace('.', '/'));
            List<String> files;
            try (Stream<Path> all = Files.list(folder)) {
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

    @Test
    void theApiMatchesTheList() throws IOException, ClassNotFoundException {
        List<String> api = api();
        Files.write(ENGINE.resolve("target/api.txt"), api);
        assertThat(api)
                .as("engine/api.txt: expected the listed public signatures, found others:"
                        + " if the change is intended, add it to CHANGELOG.md"
                        + " and copy engine/target/api.txt to engine/api.txt")
                .containsExactlyElementsOf(Files.readAllLines(ENGINE.resolve("api.txt")));
    }

    @Test
    void theModuleRequiresOnlyTheJdk() {
        assertThat(module.requires()).filteredOn(one -> !one.modifiers().contains(Requires.Modifier.STATIC))
                .extracting(Requires::name)
                .containsExactlyInAnyOrder("java.base", "jdk.incubator.vector", "jdk.management");
        assertThat(module.requires()).filteredOn(one -> one.modifiers().contains(Requires.Modifier.STATIC))
                .extracting(Requires::name).containsExactly("jdk.jfr");
    }
}
