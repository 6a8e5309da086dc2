(* The function of a lower bound with ln T for the average without weights: one on which noise climbs, as a ratchet does.
   F'(x) = mu tooth(z)/x, z = x^2/(2M), between X0 and X1, where tooth is a triangular wave of period 8 between -1 and 3, of
   mean 1; to the left F' is constant, to the right a slope leads down again. *)
From Coq Require Import Reals Lra Lia Psatz.
From Mada Require Import Sums Smoothness.
Local Open Scope R_scope.

(* z = 8 cell(z) + y with 0 <= y < 8: the wave is min(y, 8-y) - 1. Noise is where it is above -2/5. *)
Definition cell (z : R) : R := IZR (Int_part (z / 8)).
Definition tooth (z : R) : R := Rmin (z - 8 * cell z) (8 * cell z + 8 - z) - 1.
Definition hot (z : R) : Prop := - (2 / 5) < tooth z.
(* The length of the valleys, |z - 8n| <= 1/2, in [0, z]. *)
Definition valley (z : R) : R := let c := cell (z + 1 / 2) in c + Rmin 1 (z + 1 / 2 - 8 * c) - 1 / 2.
(* H' = h of period 8: on [8n-1/2, 8n+1/2] h falls from 8 to 1, from there to 8n+15/2 it rises to 8 with slope 1. *)
Definition climb_part (w : R) : R := if Rle_dec w 1 then 8 * w - 7 / 2 * w² else 4 + w² / 2.
Definition climb (z : R) : R := let c := cell (z + 1 / 2) in 36 * c + climb_part (z + 1 / 2 - 8 * c) - 25 / 8.
Definition climb_slope (z : R) : R := let w := z + 1 / 2 - 8 * cell (z + 1 / 2) in if Rle_dec w 1 then 8 - 7 * w else w.

Lemma cell_spec z : exists n, cell z = IZR n /\ 8 * IZR n <= z < 8 * IZR n + 8.
Proof.
  exists (Int_part (z / 8)). split; [reflexivity|]. destruct (base_Int_part (z / 8)) as [A B]. lra.
Qed.

Lemma cell_is n z : 8 * IZR n <= z < 8 * IZR n + 8 -> cell z = IZR n.
Proof.
  intros H. destruct (cell_spec z) as (m & -> & Hm). f_equal.
  assert (m < n + 1)%Z by (apply lt_IZR; rewrite plus_IZR; lra).
  assert (n < m + 1)%Z by (apply lt_IZR; rewrite plus_IZR; lra). lia.
Qed.

(* A function that grows on the first cell and continues with period 8, up to A per period, grows. *)
Lemma cells_grow A (f g : R -> R) : f 0 = 0 -> f 8 = A -> (forall w w', 0 <= w -> w <= w' -> w' <= 8 -> f w <= f w') ->
  (forall z, g z = A * cell z + f (z - 8 * cell z)) -> forall z z', z <= z' -> g z <= g z'.
Proof.
  intros F0 F8 Hf Hg z z' Hz. rewrite !Hg. destruct (cell_spec z) as (n & -> & Hn), (cell_spec z') as (n' & -> & Hn').
  destruct (Z.eq_dec n n') as [-> | N]; [pose proof (Hf (z - 8 * IZR n') (z' - 8 * IZR n')); lra|].
  assert (n < n' + 1)%Z by (apply lt_IZR; rewrite plus_IZR; lra).
  assert (I : IZR n + 1 <= IZR n') by (rewrite <- plus_IZR; apply IZR_le; lia).
  pose proof (Hf (z - 8 * IZR n) 8 ltac:(lra) ltac:(lra) ltac:(lra)).
  pose proof (Hf 0 (z' - 8 * IZR n') ltac:(lra) ltac:(lra) ltac:(lra)).
  assert (0 <= A) by (rewrite <- F8, <- F0; apply Hf; lra). nra.
Qed.

Lemma tooth_bounds z : -1 <= tooth z <= 3.
Proof.
  unfold tooth. destruct (cell_spec z) as (n & -> & H). apply (Rmin_case_strong (z - 8 * IZR n) (8 * IZR n + 8 - z)); lra.
Qed.

Lemma tooth_left n z : 8 * INR n <= z <= 8 * INR n + 4 -> tooth z = z - 8 * INR n - 1.
Proof.
  rewrite INR_IZR_INZ. intros H. unfold tooth. rewrite (cell_is (Z.of_nat n)), Rmin_left by lra. reflexivity.
Qed.

Lemma tooth_right n z : 8 * INR n + 4 <= z <= 8 * INR n + 8 -> tooth z = 8 * INR n + 7 - z.
Proof.
  intros H. destruct (Req_dec z (8 * INR n + 8)) as [-> | N].
  - rewrite (tooth_left (S n)); rewrite S_INR; lra.
  - unfold tooth. rewrite (cell_is (Z.of_nat n)); rewrite <- INR_IZR_INZ; [rewrite Rmin_right by lra|]; lra.
Qed.

Lemma tooth_bottom n : tooth (8 * INR n) = -1.
Proof. rewrite (tooth_left n); lra. Qed.

(* |g(z') - g(z)| <= |z' - z| for g that changes so on z <= z'. *)
Lemma ordered_lipschitz c (g : R -> R) : (forall z z', z <= z' -> Rabs (g z' - g z) <= c * (z' - z)) ->
  forall z z', Rabs (g z' - g z) <= c * Rabs (z' - z).
Proof.
  intros G z z'. destruct (Rle_dec z z').
  - rewrite (Rabs_pos_eq (z' - z)) by lra. auto.
  - rewrite Rabs_minus_sym, (Rabs_minus_sym z'), (Rabs_pos_eq (z - z')) by lra. apply G. lra.
Qed.

Lemma tooth_lipschitz z z' : Rabs (tooth z' - tooth z) <= Rabs (z' - z).
Proof.
  rewrite <- (Rmult_1_l (Rabs (z' - z))). apply ordered_lipschitz. clear z z'. intros a b Hab.
  assert (P : forall s, s = 1 \/ s = -1 -> a + s * (tooth a + 1) <= b + s * (tooth b + 1)).
  { intros s Hs. apply (cells_grow 8 (fun w => w + s * Rmin w (8 - w)) (fun z => z + s * (tooth z + 1))); auto.
    - rewrite Rmin_left; lra.
    - rewrite Rmin_right; lra.
    - intros w w' H0 H1 H2. apply (Rmin_case_strong w (8 - w)); apply (Rmin_case_strong w' (8 - w')); intros;
        destruct Hs as [-> | ->]; lra.
    - intros z. unfold tooth. replace (8 * cell z + 8 - z) with (8 - (z - 8 * cell z)) by ring. ring. }
  pose proof (P 1 ltac:(auto)). pose proof (P (-1) ltac:(auto)). apply Rabs_le; lra.
Qed.

(* z + 1/2 = 8 n + w: what a statement about h, H and V comes to. *)
Lemma half_cell z : exists n w, cell (z + 1 / 2) = IZR n /\ z + 1 / 2 = 8 * IZR n + w /\ 0 <= w < 8.
Proof.
  destruct (cell_spec (z + 1 / 2)) as (n & E & H). exists n, (z + 1 / 2 - 8 * IZR n). repeat split; auto; lra.
Qed.

Lemma climb_slope_bounds z : 1 <= climb_slope z <= 8.
Proof.
  unfold climb_slope. cbv zeta. destruct (half_cell z) as (n & w & -> & -> & H).
  destruct (Rle_dec (8 * IZR n + w - 8 * IZR n) 1); lra.
Qed.

Lemma climb_grows z z' : z <= z' -> z' - z <= climb z' - climb z <= 8 * (z' - z).
Proof.
  intros H. assert (P : forall s a, (s = 1 /\ a = -1) \/ (s = -1 /\ a = 8) -> s * climb z + a * z <= s * climb z' + a * z').
  { intros s a Hs. set (g := fun u => s * (36 * cell u + climb_part (u - 8 * cell u)) + a * u).
    assert (G : forall z, s * climb z + a * z = g (z + 1 / 2) - s * (25 / 8) - a * (1 / 2)).
    { intros y. unfold g, climb. ring. }
    rewrite !G. apply Rplus_le_compat_r, Rplus_le_compat_r.
    apply (cells_grow (36 * s + 8 * a) (fun w => s * climb_part w + a * w)); unfold climb_part;
      [| | |intros; unfold g, climb_part; ring | lra].
    - destruct (Rle_dec 0 1); unfold Rsqr; lra.
    - destruct (Rle_dec 8 1); unfold Rsqr; lra.
    - intros w w' H0 H1 H2. unfold Rsqr. destruct (Rle_dec w 1), (Rle_dec w' 1), Hs as [[-> ->] | [-> ->]]; nra. }
  pose proof (P 1 (-1) ltac:(auto)). pose proof (P (-1) 8 ltac:(auto)). lra.
Qed.

Lemma climb_lipschitz z z' : Rabs (climb z' - climb z) <= 8 * Rabs (z' - z).
Proof. apply ordered_lipschitz. intros a b H. destruct (climb_grows a b H). apply Rabs_le; lra. Qed.

Lemma climb_bounds z : 0 <= z -> z <= climb z <= 8 * z.
Proof.
  intros H. destruct (climb_grows 0 z H). assert (climb 0 = 0); [|lra]. unfold climb, climb_part.
  rewrite (cell_is 0) by lra. destruct (Rle_dec (0 + 1 / 2 - 8 * 0) 1); unfold Rsqr; lra.
Qed.

Lemma valley_grows z z' : z <= z' -> 0 <= valley z' - valley z <= z' - z.
Proof.
  intros H. assert (P : forall s a, (s = 1 /\ a = 0) \/ (s = -1 /\ a = 1) -> s * valley z + a * z <= s * valley z' + a * z').
  { intros s a Hs. set (g := fun u => s * (cell u + Rmin 1 (u - 8 * cell u)) + a * u).
    assert (G : forall z, s * valley z + a * z = g (z + 1 / 2) - s * (1 / 2) - a * (1 / 2)).
    { intros y. unfold g, valley. ring. }
    rewrite !G. apply Rplus_le_compat_r, Rplus_le_compat_r.
    apply (cells_grow (s + 8 * a) (fun w => s * Rmin 1 w + a * w)); [| | |intros; unfold g; ring | lra].
    - rewrite Rmin_right; lra.
    - rewrite Rmin_left; lra.
    - intros w w' H0 H1 H2. apply (Rmin_case_strong 1 w); apply (Rmin_case_strong 1 w'); intros;
        destruct Hs as [[-> ->] | [-> ->]]; lra. }
  pose proof (P 1 0 ltac:(auto)). pose proof (P (-1) 1 ltac:(auto)). lra.
Qed.

Lemma valley_bounds z : z / 8 - 1 / 2 <= valley z <= z / 8 + 1 / 2.
Proof.
  unfold valley. cbv zeta. destruct (half_cell z) as (n & w & -> & E & H). rewrite E.
  apply (Rmin_case_strong 1 (8 * IZR n + w - 8 * IZR n)); lra.
Qed.

(* A hot point is more than 1/10 away from the valleys. *)
Lemma hot_step z z' : hot z -> Rabs (z' - z) <= 1 / 10 -> exists n, cell (z + 1 / 2) = IZR n /\
  cell (z' + 1 / 2) = IZR n /\ 1 <= z + 1 / 2 - 8 * IZR n /\ 1 <= z' + 1 / 2 - 8 * IZR n /\
  8 * IZR n < z < 8 * IZR n + 8 /\ 8 * IZR n < z' < 8 * IZR n + 8.
Proof.
  unfold hot, tooth. intros H D. pose proof (Rle_abs (z' - z)).
  pose proof (Rle_abs (- (z' - z))) as D'. rewrite Rabs_Ropp in D'.
  destruct (cell_spec z) as (n & E & B). rewrite E in H.
  assert (A : 3 / 5 < z - 8 * IZR n /\ z - 8 * IZR n < 37 / 5).
  { revert H. apply (Rmin_case_strong (z - 8 * IZR n) (8 * IZR n + 8 - z)); lra. }
  exists n. rewrite !(cell_is n); repeat split; lra.
Qed.

Lemma hot_climb z z' : hot z -> Rabs (z' - z) <= 1 / 10 ->
  climb z' - climb z = climb_slope z * (z' - z) + (z' - z)² / 2.
Proof.
  intros H D. destruct (hot_step z z' H D) as (n & E & E' & W & W' & _). unfold climb, climb_slope, climb_part. rewrite E, E'.
  set (w := z + 1 / 2 - 8 * IZR n) in *. set (w' := z' + 1 / 2 - 8 * IZR n) in *.
  replace (z' - z) with (w' - w) by (unfold w, w'; ring).
  destruct (Rle_dec w 1), (Rle_dec w' 1); try (assert (w = 1) as -> by lra); try (assert (w' = 1) as -> by lra);
    unfold Rsqr; lra.
Qed.

Lemma hot_valley z z' : hot z -> Rabs (z' - z) <= 1 / 10 -> valley z' = valley z.
Proof.
  intros H D. destruct (hot_step z z' H D) as (n & E & E' & W & W' & _). unfold valley. rewrite E, E', !Rmin_left; auto.
Qed.

Lemma hot_stays_right n z z' : hot z -> Rabs (z' - z) <= 1 / 10 -> 8 * INR n <= z -> 8 * INR n <= z'.
Proof.
  intros H D. destruct (hot_step z z' H D) as (m & _ & _ & _ & _ & B & B'). rewrite INR_IZR_INZ. intros N.
  assert (Z.of_nat n < m + 1)%Z by (apply lt_IZR; rewrite plus_IZR; lra).
  assert (IZR (Z.of_nat n) <= IZR m) by (apply IZR_le; lia). lra.
Qed.

Lemma hot_stays_left n z z' : hot z -> Rabs (z' - z) <= 1 / 10 -> z <= 8 * INR n -> z' <= 8 * INR n.
Proof.
  intros H D. destruct (hot_step z z' H D) as (m & _ & _ & _ & _ & B & B'). rewrite INR_IZR_INZ. intros N.
  assert (m < Z.of_nat n)%Z by (apply lt_IZR; lra).
  assert (IZR m + 1 <= IZR (Z.of_nat n)) by (rewrite <- plus_IZR; apply IZR_le; lia). lra.
Qed.
