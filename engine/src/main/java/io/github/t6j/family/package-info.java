/**
 * Which model a folder is. A family is one class ({@link io.github.t6j.family.Family}): it recognises its folders by
 * tensor names, turns config.json into a {@link io.github.t6j.model.ModelConfig}, and has the one list of its tensors'
 * names, shapes and roles, which loading, {@code init}, {@code convert}, benchmarks and tests use. May use {@code sampling},
 * {@code model}
 * and all below it.
 */
package io.github.t6j.family;
