(* L8: one step of Yogi's second moment, v' = v - (1-beta2) sign(v - x) x with x = g^2:
   it stays nonnegative, moves by at most w x, is at least min(beta2, w) x, and stays below (2-beta2) M for x <= M;
   hence v_t <= (2-beta2) max g^2 from any such start. It does not stay below max g^2. *)
From Coq Require Import Reals Lra Lia Psatz.
Local Open Scope R_scope.

Definition sgn (z : R) : R := if Rlt_dec z 0 then -1 else if Rlt_dec 0 z then 1 else 0.
Definition yogi (beta2 v x : R) : R := v - (1 - beta2) * sgn (v - x) * x.

Ltac yogi_cases := unfold yogi, sgn; match goal with
  |- context [Rlt_dec (?v - ?x) 0] => destruct (Rlt_dec (v - x) 0); [|destruct (Rlt_dec 0 (v - x))] end.

Theorem yogi_nonnegative beta2 v x : 0 <= beta2 <= 1 -> 0 <= v -> 0 <= x -> 0 <= yogi beta2 v x.
Proof. intros. yogi_cases; nra. Qed.

Theorem yogi_increment beta2 v x : 0 <= beta2 <= 1 -> 0 <= v -> 0 <= x -> Rabs (yogi beta2 v x - v) <= (1 - beta2) * x.
Proof. intros. apply Rabs_le. yogi_cases; nra. Qed.

Theorem yogi_lower beta2 v x : 0 <= beta2 <= 1 -> 0 <= v -> 0 <= x -> Rmin beta2 (1 - beta2) * x <= yogi beta2 v x.
Proof.
  intros. pose proof (Rmin_l beta2 (1 - beta2)). pose proof (Rmin_r beta2 (1 - beta2)).
  yogi_cases; [assert (Rmin beta2 (1 - beta2) * x <= (1 - beta2) * x) by (apply Rmult_le_compat_r; lra); nra
    | assert (Rmin beta2 (1 - beta2) * x <= beta2 * x) by (apply Rmult_le_compat_r; lra); nra
    | assert (Rmin beta2 (1 - beta2) * x <= beta2 * x) by (apply Rmult_le_compat_r; lra); nra].
Qed.

Theorem yogi_upper beta2 v x M : 0 <= beta2 <= 1 -> 0 <= v -> 0 <= x -> x <= M -> v <= (2 - beta2) * M ->
  yogi beta2 v x <= (2 - beta2) * M.
Proof. intros. yogi_cases; nra. Qed.

(* The bound of all v_t. *)
Fixpoint yogi_v (beta2 v0 : R) (x : nat -> R) (t : nat) : R :=
  match t with O => v0 | S t => yogi beta2 (yogi_v beta2 v0 x t) (x t) end.

Theorem yogi_bounded beta2 v0 x M t : 0 <= beta2 <= 1 -> (forall t, 0 <= x t <= M) -> 0 <= v0 <= (2 - beta2) * M ->
  0 <= yogi_v beta2 v0 x t <= (2 - beta2) * M.
Proof.
  intros Hb Hx H0. induction t as [|t [IH1 IH2]]; [auto|]. destruct (Hx t). simpl. split.
  - apply yogi_nonnegative; auto.
  - apply yogi_upper; auto.
Qed.

(* v_t <= max g^2 is false: beta2 = 1/3 and g = 1, 1 give v = 2/3, 4/3. *)
Theorem yogi_above_largest_square : exists beta2 x, 0 <= beta2 <= 1 /\ (forall t : nat, 0 <= x t <= 1)
  /\ 1 < yogi_v beta2 0 x 2.
Proof.
  exists (1 / 3), (fun _ => 1). split; [lra|]. split; [intros; lra|].
  unfold yogi_v, yogi, sgn. repeat match goal with |- context [Rlt_dec ?a ?b] => destruct (Rlt_dec a b) end; lra.
Qed.
