# nix run 'github:agtop/agtop?dir=packaging/nix'
{
  description = "top for AI coding agents";

  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-unstable";

  outputs =
    { self, nixpkgs }:
    let
      systems = [
        "x86_64-linux"
        "aarch64-linux"
        "x86_64-darwin"
        "aarch64-darwin"
      ];
      forEach = nixpkgs.lib.genAttrs systems;
      manifest = nixpkgs.lib.importTOML ../../Cargo.toml;
    in
    {
      packages = forEach (
        system:
        let
          pkgs = nixpkgs.legacyPackages.${system};
        in
        {
          default = pkgs.rustPlatform.buildRustPackage {
            pname = "agtop";
            version = manifest.workspace.package.version;
            src = ../..;
            cargoLock.lockFile = ../../Cargo.lock;
            buildAndTestSubdir = "crates/cli";
            # The tests start fake agents and read the process table, which a build of Nix does not allow.
            doCheck = false;
            nativeBuildInputs = [ pkgs.installShellFiles ];
            postInstall = ''
              installManPage packaging/man/*.1
              installShellCompletion --bash --name agtop packaging/completions/agtop.bash
              installShellCompletion --zsh packaging/completions/_agtop
              installShellCompletion --fish packaging/completions/agtop.fish
            '';
            meta = {
              description = "top for AI coding agents";
              homepage = "https://github.com/agtop/agtop";
              license = with nixpkgs.lib.licenses; [
                mit
                asl20
              ];
              mainProgram = "agtop";
            };
          };
        }
      );
      apps = forEach (system: {
        default = {
          type = "app";
          program = "${self.packages.${system}.default}/bin/agtop";
        };
      });
    };
}
